"""Inspecting many recordings at once: in parallel, resumable, and kept.

`plan` cuts the inputs into spans of frames, `work` measures one span in a process of its own, `run` hands spans out and
collects them, `store` keeps every finished span and writes the results, `reading` reads them back.
"""
