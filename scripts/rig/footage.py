"""Movies for cameras, made of the bundled footage with ffmpeg."""
import subprocess

from rig.programs import ROOT

PEDESTRIANS = ROOT / "footage/pedestrians.mp4"
ENCODED = ["-an", "-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "30", "-pix_fmt", "yuv420p"]


def ffmpeg(*words):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, words)], check=True, timeout=300)


def mostly_still(folder, seconds, width, height):
    """Ten seconds with people, and then the last picture of them with a sensor's noise, until so many seconds are over."""
    movie = folder / f"still-{width}.mp4"
    still = f"tpad=stop_mode=clone:stop_duration={seconds - 10},scale={width}:{height},noise=alls=2:allf=t"
    ffmpeg("-ss", 50, "-t", 10, "-i", PEDESTRIANS, "-vf", still, *ENCODED, movie)
    return movie


def clip(folder, seconds):
    """An event of so many seconds, with its thumbnail: what a device that pushes has seen."""
    video, thumbnail = folder / "clip.mp4", folder / "clip.jpg"
    ffmpeg("-ss", 20, "-t", seconds, "-i", PEDESTRIANS, *ENCODED, "-movflags", "+faststart", video)
    ffmpeg("-i", video, "-frames:v", 1, "-vf", "scale=480:-2", "-pix_fmt", "yuvj420p", thumbnail)
    return video, thumbnail
