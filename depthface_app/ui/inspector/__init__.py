"""The inspector: a workspace of the window in which methods of denoising are looked at and measured side by side."""
