"""A run as one page that needs no other file, and as PDF.

`content` says what stands in it, `worst` finds and pictures the worst frames, `plots` draws, `html` and `pdf` set it.
"""
