"""The only user of ONNX Runtime: model files in, arrays out."""

import os

# Its official builds report to Microsoft and mark the computer with an id file unless told not to before they load.
# Where faces are recognised nothing may leave the computer. On Windows a call does it (`session`).
# Source: onnxruntime pull request 27379, "Add POSIX telemetry".
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
