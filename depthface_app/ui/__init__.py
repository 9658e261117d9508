"""The window. The only user of Qt."""
