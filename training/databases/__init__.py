"""Readers of the face databases that the paper was measured on, for whoever holds their licences.

None of the databases can be had without signing for it, so nothing here was ever run on the real files. Each reader
names the source of its format, or says that the format is not published and what is assumed instead.
"""

from training.databases import bosphorus, bu3dfe, frgc, iiitd, lock3dface, multisface, ustc
from training.databases.scan import DatabaseError, DepthScan, MeshScan, Recording, Scan

DATABASES = {
    "FRGCv2": frgc.recordings,
    "BU3DFE": bu3dfe.recordings,
    "Bosphorus": bosphorus.recordings,
    "Lock3DFace": lock3dface.recordings,
    "USTC": ustc.recordings,
    "MultiSFace": multisface.recordings,
    "IIIT-D": iiitd.recordings,
}

__all__ = ["DATABASES", "DatabaseError", "DepthScan", "MeshScan", "Recording", "Scan"]
