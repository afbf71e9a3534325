"""Test hosts: network and mount namespaces with a private libvirtd each."""
