"""The emulator's own API group, lab.minikube-lite.io: clock, faults, ground truth, snapshots."""
