"""What operations are called: those with jobs by the service's words, the rest by ours."""

from __future__ import annotations

from appliance.protocol.operations import OPERATIONS
from appliance.protocol.texts_words import WORDS
from desktop import texts
from desktop.texts import translate


def operation_title(name: str) -> str:
    """The title of an operation, such as `vm.start`, for jobs and for the audit log."""
    if f"operation.{name}" in WORDS:
        return texts.word(f"operation.{name}")
    special = _titles().get(name)
    if special:
        return special
    noun, _, verb = name.partition(".")
    pattern = _patterns().get(verb)
    if pattern and f"kind.{noun}" in WORDS:
        return pattern.format(what=texts.word(f"kind.{noun}"))
    spec = OPERATIONS.get(name)
    return spec.summary if spec is not None else name


def _patterns() -> dict[str, str]:
    return {
        "create": translate("Operations", "Make {what}"),
        "update": translate("Operations", "Change {what}"),
        "delete": translate("Operations", "Delete {what}"),
        "enable": translate("Operations", "Enable {what}"),
        "disable": translate("Operations", "Disable {what}"),
    }


def _titles() -> dict[str, str]:
    return {
        "session.set_first_password": translate("Operations", "Set the first password"),
        "session.create": translate("Operations", "Log in"),
        "vm.set_affinity_group": translate("Operations", "Put a machine into an affinity group"),
        "elastic_ip.bind": translate("Operations", "Bind elastic IP"),
        "elastic_ip.unbind": translate("Operations", "Unbind elastic IP"),
        "network.set_ranges": translate("Operations", "Change address ranges"),
        "network.set_ipv6": translate("Operations", "Change IPv6 of a network"),
        "network.set_services": translate("Operations", "Change network services"),
        "network.probe": translate("Operations", "Probe the paths between hosts"),
        "cluster.probe_paths": translate("Operations", "Probe the paths between hosts"),
        "vm.set_recovery": translate("Operations", "Say what follows the reboot of a host"),
        "host.refresh_facts": translate("Operations", "Ask a host anew what it is"),
        "host.retry_network": translate("Operations", "Try again to bridge a NIC"),
        "network.attach_cluster": translate("Operations", "Attach network to a cluster"),
        "network.detach_cluster": translate("Operations", "Detach network from a cluster"),
        "vm.migrate": translate("Operations", "Move VM to another host"),
        "vm.migration_candidates": translate("Operations", "Show where a VM could move"),
        "volume.move": translate("Operations", "Move volume"),
        "volume.move_candidates": translate("Operations", "Show where a volume could move"),
        "primary_storage.attach_cluster": translate(
            "Operations", "Attach primary storage to a cluster"
        ),
        "primary_storage.detach_cluster": translate(
            "Operations", "Detach primary storage from a cluster"
        ),
        "primary_storage.reconnect": translate("Operations", "Reconnect primary storage"),
        "primary_storage.clean_cache": translate("Operations", "Clean image cache"),
        "primary_storage.enter_maintenance": translate(
            "Operations", "Put primary storage into maintenance"
        ),
        "vm.attach_nic": translate("Operations", "Attach NIC"),
        "vm.detach_nic": translate("Operations", "Detach NIC"),
        "vm.set_default_nic": translate("Operations", "Make NIC the default"),
        "vm.set_nic_limits": translate("Operations", "Limit bandwidth of NICs"),
        "vm.resize": translate("Operations", "Change size"),
        "vm.update_hardware": translate("Operations", "Change hardware"),
        "vm.set_anti_spoofing": translate("Operations", "Switch anti-spoofing"),
        "vm.set_security_groups": translate(
            "Operations", "Say which security groups a machine is in"
        ),
        "volume.recover": translate("Operations", "Recover volume"),
        "volume.check_chain": translate("Operations", "Show the files of a volume"),
        "image.recover": translate("Operations", "Recover image"),
        "image.expunge": translate("Operations", "Delete image for good"),
        "vm.attach_iso": translate("Operations", "Insert a disc"),
        "vm.detach_iso": translate("Operations", "Eject a disc"),
        "vm.reimage": translate("Operations", "Make the root disk anew"),
        "vm.change_image": translate("Operations", "Make the root disk from another image"),
        "vm.guest_info": translate("Operations", "Show what the guest tells"),
        "vm.set_password": translate("Operations", "Set a password in the guest"),
        "vm.drops": translate("Operations", "Show refused packets"),
        "vm.effective_rules": translate("Operations", "Show the rules that hold"),
        "vm.trace": translate("Operations", "Follow a packet"),
        "session.delete": translate("Operations", "Log out"),
        "session.change_password": translate("Operations", "Change password"),
        "job.cancel": translate("Operations", "Cancel job"),
        "cleanup.retry": translate("Operations", "Try clean-up work now"),
        "cleanup.dismiss": translate("Operations", "Forget clean-up work"),
        "setting.change": translate("Operations", "Change setting"),
        "setting.reset": translate("Operations", "Reset setting"),
        "ledger.recalculate": translate("Operations", "Count all claims anew"),
        "setup.update": translate("Operations", "Edit the set-up"),
        "image.upload": translate("Operations", "Send the content of an image"),
        "image.upload_status": translate("Operations", "See how far an upload is"),
        "image.download": translate("Operations", "Get the file of an image"),
        "volume.create_image": translate("Operations", "Make image of volume"),
        "account.set_password": translate("Operations", "Set the password of an account"),
        "user.set_password": translate("Operations", "Set the password of a user"),
        "group.add_user": translate("Operations", "Add a user to a group"),
        "group.remove_user": translate("Operations", "Take a user out of a group"),
        "role.attach": translate("Operations", "Give a role"),
        "role.detach": translate("Operations", "Take a role away"),
        "quota.update": translate("Operations", "Change quotas"),
        "vm.open_console": translate("Operations", "Open console"),
    }
