"""The history of StatefulSets and DaemonSets, kept in ControllerRevisions; upstream: pkg/controller/history."""
