"""kube-controller-manager and kube-scheduler: one file, or one folder, a controller."""
