"""What runs in fake containers, by image."""
