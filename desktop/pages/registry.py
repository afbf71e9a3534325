"""All pages of the main window in the order of the navigation. A new page is one line here."""

from __future__ import annotations

from desktop.pages.accounts import AccountPage, UserPage
from desktop.pages.affinity import AffinityPage
from desktop.pages.audit import AuditPage
from desktop.pages.base import PageSpec
from desktop.pages.elastic_ips import ElasticIpPage
from desktop.pages.global_settings import SettingsPage
from desktop.pages.hosts import HostPage
from desktop.pages.image_bin import ImageBinPage
from desktop.pages.images import ImagePage, OfferingPage
from desktop.pages.infrastructure import ClusterPage, ZonePage
from desktop.pages.jobs import JobPage
from desktop.pages.networks import NetworkPage
from desktop.pages.overview import OverviewPage
from desktop.pages.recycle_bin import RecycleBinPage
from desktop.pages.roles import RolePage
from desktop.pages.security_groups import SecurityGroupPage, SecurityRulePage
from desktop.pages.shares import SharePage
from desktop.pages.storage import ImageStorePage, PrimaryStoragePage
from desktop.pages.tokens import TokenPage
from desktop.pages.topology import TopologyPage
from desktop.pages.usage import UsagePage
from desktop.pages.user_groups import UserGroupPage
from desktop.pages.vms import VmPage
from desktop.pages.volume_bin import VolumeBinPage
from desktop.pages.volumes import VolumePage
from desktop.pages.vxlan_pools import VxlanPoolPage
from desktop.texts import translate


def groups() -> list[tuple[str, str]]:
    """Key and title of each group of the navigation; the first has no title."""
    return [
        ("start", ""),
        ("compute", translate("Navigation", "Compute")),
        ("storage", translate("Navigation", "Storage")),
        ("network", translate("Navigation", "Network")),
        ("infrastructure", translate("Navigation", "Infrastructure")),
        ("tenancy", translate("Navigation", "Accounts")),
        ("operations", translate("Navigation", "Operations")),
    ]


def _page(
    key: str,
    title: str,
    icon: str,
    group: str,
    make: type,
    *,
    counted: bool = True,
    for_all: bool = True,
) -> PageSpec:
    kind = key if counted else None
    return PageSpec(
        key=key, title=title, icon=icon, group=group, kind=kind, make=make, for_all=for_all
    )


def pages() -> list[PageSpec]:
    """Every page. Keys of pages that list a kind are the kind's name."""
    return [
        _page(
            "overview",
            translate("Navigation", "Overview"),
            "view-dashboard-outline",
            "start",
            OverviewPage,
            counted=False,
        ),
        _page(
            "vm", translate("Navigation", "Virtual machines"), "monitor-multiple", "compute", VmPage
        ),
        _page(
            "recycle_bin",
            translate("Navigation", "Recycle bin"),
            "delete-outline",
            "compute",
            RecycleBinPage,
            counted=False,
        ),
        _page("image", translate("Navigation", "Images"), "disc", "compute", ImagePage),
        _page(
            "image_bin",
            translate("Navigation", "Deleted images"),
            "delete-clock-outline",
            "compute",
            ImageBinPage,
            counted=False,
        ),
        _page(
            "instance_offering",
            translate("Navigation", "Instance offerings"),
            "ruler-square",
            "compute",
            OfferingPage,
        ),
        _page(
            "affinity_group",
            translate("Navigation", "Affinity groups"),
            "vector-link",
            "compute",
            AffinityPage,
        ),
        _page(
            "volume", translate("Navigation", "Volumes"), "database-outline", "storage", VolumePage
        ),
        _page(
            "volume_bin",
            translate("Navigation", "Deleted volumes"),
            "delete-clock-outline",
            "storage",
            VolumeBinPage,
            counted=False,
        ),
        _page(
            "primary_storage",
            translate("Navigation", "Primary storage"),
            "harddisk",
            "storage",
            PrimaryStoragePage,
        ),
        _page(
            "image_store",
            translate("Navigation", "Image stores"),
            "archive-outline",
            "storage",
            ImageStorePage,
        ),
        _page("network", translate("Navigation", "Networks"), "lan", "network", NetworkPage),
        _page(
            "topology",
            translate("Navigation", "Topology"),
            "sitemap-outline",
            "network",
            TopologyPage,
            counted=False,
        ),
        _page(
            "vxlan_pool",
            translate("Navigation", "VXLAN pools"),
            "layers-triple-outline",
            "network",
            VxlanPoolPage,
            for_all=False,
        ),
        _page(
            "elastic_ip",
            translate("Navigation", "Elastic IPs"),
            "ip-network-outline",
            "network",
            ElasticIpPage,
        ),
        _page(
            "security_group",
            translate("Navigation", "Security groups"),
            "shield-outline",
            "network",
            SecurityGroupPage,
        ),
        _page(
            "security_rule",
            translate("Navigation", "Security rules"),
            "shield-edit-outline",
            "network",
            SecurityRulePage,
        ),
        _page("host", translate("Navigation", "Hosts"), "server", "infrastructure", HostPage),
        _page(
            "cluster",
            translate("Navigation", "Clusters"),
            "server-network",
            "infrastructure",
            ClusterPage,
        ),
        _page(
            "zone",
            translate("Navigation", "Zones"),
            "office-building-outline",
            "infrastructure",
            ZonePage,
        ),
        _page(
            "usage",
            translate("Navigation", "My usage"),
            "gauge",
            "tenancy",
            UsagePage,
            counted=False,
        ),
        _page(
            "account",
            translate("Navigation", "Accounts"),
            "account-group-outline",
            "tenancy",
            AccountPage,
            for_all=False,
        ),
        _page("user", translate("Navigation", "Users"), "account-outline", "tenancy", UserPage),
        _page(
            "group",
            translate("Navigation", "User groups"),
            "account-multiple-outline",
            "tenancy",
            UserGroupPage,
        ),
        _page(
            "role", translate("Navigation", "Roles"), "shield-account-outline", "tenancy", RolePage
        ),
        _page(
            "share",
            translate("Navigation", "Shares"),
            "share-variant-outline",
            "tenancy",
            SharePage,
        ),
        _page(
            "token",
            translate("Navigation", "API tokens"),
            "key-chain-variant",
            "tenancy",
            TokenPage,
        ),
        _page(
            "job",
            translate("Navigation", "Jobs"),
            "progress-check",
            "operations",
            JobPage,
            counted=False,
        ),
        _page(
            "audit",
            translate("Navigation", "Audit log"),
            "clipboard-text-clock-outline",
            "operations",
            AuditPage,
            counted=False,
        ),
        _page(
            "settings",
            translate("Navigation", "Settings"),
            "tune",
            "operations",
            SettingsPage,
            counted=False,
            for_all=False,
        ),
    ]
