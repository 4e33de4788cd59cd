#!/usr/bin/python3
"""A camera for tests: plays an MP4 without end over RTSP, by GStreamer's own server.

Prints its address on standard output when it is ready. Ends when its standard input closes, so that it never
outlives the test that started it. Debian: python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-{base,good,bad};
for --codec ffmpeg, for --tls glib-networking.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import gi

for name, version in {"Gst": "1.0", "GstRtsp": "1.0", "GstRtspServer": "1.0"}.items():
    gi.require_version(name, version)
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ENCODERS = {
    "h264": ["-c:v", "libx264", "-bf", "0"],
    "h265": ["-c:v", "libx265", "-x265-params", "bframes=0:open-gop=0:log-level=error"],
}

SOUNDS = {
    "pcmu": "audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay",
    "pcma": "audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay",
    "l16": "audio/x-raw,rate=16000,channels=2 ! audioconvert ! rtpL16pay",
    "aac": "audio/x-raw,rate=44100,channels=2 ! voaacenc ! aacparse ! rtpmp4gpay",
    "g726": "audio/x-raw,rate=8000,channels=1 ! avenc_g726 ! rtpg726pay",
}

TRANSPORTS = {
    "tcp": GstRtsp.RTSPLowerTrans.TCP,
    "udp": GstRtsp.RTSPLowerTrans.UDP,
    "multicast": GstRtsp.RTSPLowerTrans.UDP_MCAST,
}


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("movie")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--path", default="/camera")
    parser.add_argument("--codec", choices=ENCODERS, help="encode anew, without B-frames")
    parser.add_argument("--audio", nargs="?", choices=SOUNDS, const="pcmu", help="add sound that ticks at each full second")
    parser.add_argument("--transport", choices=TRANSPORTS, help="take this one only")
    parser.add_argument("--auth", choices=["digest", "basic"], default="digest")
    parser.add_argument("--user", help="ask for this user")
    parser.add_argument("--password", default="")
    parser.add_argument("--tls", metavar="PEM", help="speak TLS, with the certificate and key in this file")
    return parser.parse_args()


def encoded(movie, codec):
    """The movie in another codec, as a new temporary file that the caller removes."""
    handle, path = tempfile.mkstemp(suffix=".mp4")
    os.close(handle)
    command = ["ffmpeg", "-v", "error", "-y", "-i", movie, "-an", "-preset", "ultrafast", "-g", "20"]
    subprocess.run([*command, *ENCODERS[codec], path], check=True, stdin=subprocess.DEVNULL)
    return path


class Reel:
    """A movie's access units in memory, as they are to be sent, and the time that they take."""

    def __init__(self, movie, codec):
        form = f"video/x-{codec},stream-format=byte-stream,alignment=au"
        reader = Gst.parse_launch(
            f"filesrc name=file ! qtdemux ! {codec}parse ! {form} ! appsink name=sink sync=false"
        )
        reader.get_by_name("file").set_property("location", movie)
        sink = reader.get_by_name("sink")
        reader.set_state(Gst.State.PLAYING)
        self.frames = []
        while (sample := sink.emit("pull-sample")) is not None:
            buffer = sample.get_buffer()
            self.caps = sample.get_caps()
            data = buffer.extract_dup(0, buffer.get_size())
            self.frames.append((data, buffer.pts, buffer.dts, buffer.duration))
        reader.set_state(Gst.State.NULL)
        if not self.frames:
            sys.exit(f"{movie}: no {codec} in it")
        first = min(pts for _, pts, _, _ in self.frames)
        self.length = max(pts + duration for _, pts, _, duration in self.frames) - first

    def play(self):
        """Yields buffers for ever; each round's times go on where those of the round before ended."""
        shift = 0
        while True:
            for data, pts, dts, duration in self.frames:
                buffer = Gst.Buffer.new_wrapped(data)
                buffer.pts, buffer.dts, buffer.duration = pts + shift, dts + shift, duration
                yield buffer
            shift += self.length


class Factory(GstRtspServer.RTSPMediaFactory):
    """Makes the one medium that all viewers share: who comes late comes in in the middle."""

    def __init__(self, reel, codec, audio, transport):
        super().__init__()
        self.reel = reel
        self.transport = transport
        video = f"appsrc name=reel format=time ! {codec}parse ! rtp{codec}pay name=pay0 config-interval=-1"
        # Packets of 20 ms and less, as cameras send. An encoder of AAC takes 1,024 samples at a time.
        # A viewer of the video alone may have to wait where the sound is not live, and viewers of both may be refused where
        # it is: for either there is a kind.
        pace = "samplesperbuffer=1024" if audio == "aac" else "samplesperbuffer=160"
        pace += " is-live=true" if audio == "pcmu" else ""
        ticks = f"audiotestsrc {pace} wave=ticks freq=1000 sine-periods-per-tick=100"
        sound = f"{ticks} ! {SOUNDS[audio]} name=pay1" if audio else ""
        self.set_launch(f"( {video} {sound} )")
        self.set_shared(True)

    def do_configure(self, media):
        if self.transport:
            media.set_protocols(TRANSPORTS[self.transport])
        if self.transport == "multicast":
            groups = GstRtspServer.RTSPAddressPool()
            groups.add_range("239.1.1.1", "239.1.1.1", 5000, 5001, 1)
            media.set_address_pool(groups)
        source = media.get_element().get_by_name("reel")
        source.set_property("caps", self.reel.caps)
        buffers = self.reel.play()
        source.connect("need-data", lambda source, _: source.emit("push-buffer", next(buffers)))


def guard(server, factory, args):
    """Lets those in who know the password, or everybody if there is none; with TLS if there is a certificate."""
    viewer = GstRtspServer.RTSPToken()
    viewer.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    if args.tls:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(args.tls))
    if not args.user:
        auth.set_default_token(viewer)
    elif args.auth == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(args.user, args.password, viewer)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), viewer)
    server.set_auth(auth)
    may = "viewer,media.factory.access=(boolean)true,media.factory.construct=(boolean)true"
    factory.add_role_from_structure(Gst.Structure.new_from_string(may))


def main():
    args = options()
    Gst.init(None)
    codec = args.codec or "h264"
    if args.codec:
        movie = encoded(args.movie, args.codec)
        try:
            reel = Reel(movie, codec)
        finally:
            os.remove(movie)
    else:
        reel = Reel(args.movie, codec)
    factory = Factory(reel, codec, args.audio, args.transport)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(args.port))
    server.get_mount_points().add_factory(args.path, factory)
    if args.user or args.tls:
        guard(server, factory, args)
    if not server.attach(None):
        sys.exit(f"port {args.port} is taken")
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_HUP, lambda *_: loop.quit())
    print(f"rtsp{'s' if args.tls else ''}://127.0.0.1:{server.get_bound_port()}{args.path}", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
