"""kube-apiserver: from a request's bytes to the store and back."""
