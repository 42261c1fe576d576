"""The schema engine: types, decoding, merging and OpenAPI. Upstream: kube-openapi and apimachinery's serializers."""
