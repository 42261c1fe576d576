"""CoreDNS's kubernetes plugin: the cluster's names, over UDP and TCP."""
