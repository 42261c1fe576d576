"""The lab: where the emulator itself is controlled, through the API that it serves, as lab.minikube-lite.io."""
