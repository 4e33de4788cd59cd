"""A camera that somebody else wrote: the ONVIF half of `ipycam` (PyPI), without its video.

`python3 onvif-simulator.py <port> <rtsp port> <main path> <user> <own address>`, the password in `ONVIF_PASSWORD`. It answers calls into the network, checks the
digest of WS-Security, and names a stream at `rtsp://<own address>:<rtsp port>/<main path>`. Says `ready` when it can be asked.
"""
import os
import sys
import tempfile
from http.server import ThreadingHTTPServer
from types import SimpleNamespace
from unittest.mock import MagicMock

# What its video half would need; here nothing is encoded.
for module in ("cv2", "numpy"):
    sys.modules.setdefault(module, MagicMock())

from ipycam.config import CameraConfig  # noqa: E402
from ipycam.discovery import WSDiscoveryServer  # noqa: E402
from ipycam.http import IPCameraHTTPHandler  # noqa: E402
from ipycam.onvif import ONVIFService  # noqa: E402

port, rtsp_port, path, user, host = sys.argv[1:6]
os.chdir(tempfile.mkdtemp())
config = CameraConfig()
config.name, config.local_ip = "Simulated", host
config.onvif_port, config.rtsp_port, config.main_stream_name = int(port), int(rtsp_port), path
config.set_credentials(user, os.environ["ONVIF_PASSWORD"])
service = ONVIFService(config)
WSDiscoveryServer(service).start()
IPCameraHTTPHandler.camera = SimpleNamespace(config=config, onvif=service)
server = ThreadingHTTPServer(("", config.onvif_port), IPCameraHTTPHandler)
print("ready", config.onvif_url, flush=True)
server.serve_forever()
