"""The volume binder: brings claims and volumes together, and takes volumes back.

Upstream: pkg/controller/volume/persistentvolume.
"""
