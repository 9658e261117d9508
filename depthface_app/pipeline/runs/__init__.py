"""Inspecting many recordings at once: in parallel, resumable, and kept.

`plan` cuts the inputs into spans of frames, `work` measures one span in a process of its own, `run` hands spans out and
collects them, `parts` keeps every finished span, `results` writes what came of all of them and reads it back.
"""
