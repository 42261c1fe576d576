"""What clients and controllers share; upstream: apimachinery and client-go."""
