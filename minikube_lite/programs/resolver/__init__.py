"""How names are resolved in a pod: resolv.conf, hosts, and the messages of DNS as a client sees them."""
