"""Small disks that can be filled: a tmpfs each, in a mount namespace of the script's own."""
import os
import subprocess
import sys

INSIDE = "OWNSIGHT_SMALL_DISKS"


def enter_namespace():
    """Goes on in a mount namespace of its own. Where this machine lets nobody make one it says so, and ends well."""
    if os.environ.get(INSIDE):
        return
    for options in ((["--mount"],) if os.geteuid() == 0 else ()) + (["--user", "--map-root-user", "--mount"],):
        command = ["unshare", *options]
        try:
            if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
                os.execvpe(command[0], [*command, sys.executable, *sys.argv], os.environ | {INSIDE: "1"})
        except FileNotFoundError:
            break
    print("SKIPPED: this machine lets nobody make a mount namespace here (try as root, or install util-linux)")
    sys.exit(0)


class SmallDisk:
    """A disk of so many megabytes at a folder, which is made."""

    def __init__(self, folder, megabytes):
        self.folder, self.ballast = folder, folder / ".ballast"
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True).returncode:
            print("SKIPPED: no small disk can be mounted here")
            sys.exit(0)

    def fill(self):
        """Writes it full to the brim, as somebody else would."""
        with open(self.ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
            except OSError:
                pass

    def empty(self):
        """Takes away what it was filled with."""
        self.ballast.unlink(missing_ok=True)

    def unmount(self):
        subprocess.run(["umount", "-l", self.folder], check=False)
