"""The images that are built in: what each runs, which commands it has, and what files it brings."""

from __future__ import annotations

from collections.abc import Mapping

from minikube_lite.programs.applets import applets
from minikube_lite.programs.applets.curl import curl
from minikube_lite.programs.applets.running import run_other
from minikube_lite.programs.dnsutils import DNS_TOOLS
from minikube_lite.programs.dnsutils.nslookup import busybox_nslookup
from minikube_lite.programs.image import Image
from minikube_lite.programs.kubia_pet import IMAGE as KUBIA_PET
from minikube_lite.programs.kubia_pet import kubia_pet
from minikube_lite.programs.kubia_pet_peers import IMAGE as KUBIA_PET_PEERS
from minikube_lite.programs.kubia_pet_peers import kubia_pet_peers
from minikube_lite.programs.pause import pause
from minikube_lite.programs.program import PodContext, Program
from minikube_lite.programs.shell.main import shell
from minikube_lite.programs.web import HTTPD_PAGE, HTTPD_SERVER, NGINX_PAGE, NGINX_SERVER, static_server

DNS_IMAGES = (
    "tutum/dnsutils",
    "dnsutils",
    "registry.k8s.io/e2e-test-images/jessie-dnsutils",
    "registry.k8s.io/e2e-test-images/agnhost",
    "infoblox/dnstools",
)
CURL_IMAGES = ("curlimages/curl", "quay.io/curl/curl")
PAUSE_IMAGES = ("registry.k8s.io/pause", "k8s.gcr.io/pause", "pause")
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n"
GROUP = b"root:x:0:\nnogroup:x:65534:\n"


def builtin_images() -> dict[str, Image]:
    """All of them, by name. The commands of all are the same functions, which share nothing."""
    small = commands({"nslookup": busybox_nslookup})
    large = commands({**DNS_TOOLS, "curl": curl}, shells=("sh", "bash"))
    nginx, httpd = static_server(NGINX_SERVER), static_server(HTTPD_SERVER)
    images = {
        KUBIA_PET: Image(kubia_pet, large, entrypoint=("node", "app.js")),
        KUBIA_PET_PEERS: Image(kubia_pet_peers, large, entrypoint=("node", "app.js")),
        "busybox": Image(small["sh"], small, arguments=("sh",), files=system_files("BusyBox")),
        "alpine": Image(small["sh"], small, arguments=("/bin/sh",), files=system_files("Alpine Linux")),
        "nginx": Image(
            nginx,
            commands({"nginx": nginx, "curl": curl}, shells=("sh", "bash")),
            entrypoint=("/docker-entrypoint.sh",),
            arguments=("nginx", "-g", "daemon off;"),
            files={**system_files("Debian GNU/Linux"), "/usr/share/nginx/html/index.html": NGINX_PAGE},
        ),
        "httpd": Image(
            httpd,
            commands({"httpd-foreground": httpd}, shells=("sh", "bash")),
            arguments=("httpd-foreground",),
            files={**system_files("Debian GNU/Linux"), "/usr/local/apache2/htdocs/index.html": HTTPD_PAGE},
        ),
    }
    client = commands({"curl": curl})
    for name in CURL_IMAGES:
        images[name] = Image(_entry_point(client), client, entrypoint=("/entrypoint.sh",), arguments=("curl",))
    for name in DNS_IMAGES:
        images[name] = Image(large["sh"], large, arguments=("bash",), files=system_files("Debian GNU/Linux"))
    for name in PAUSE_IMAGES:
        images[name] = Image(pause, entrypoint=("/pause",))
    return images


def commands(own: Mapping[str, Program], shells: tuple[str, ...] = ("sh", "ash")) -> dict[str, Program]:
    """The applets, a shell that runs them, and what an image has of its own."""
    found = {**applets(), **own}
    found.update(dict.fromkeys(shells, shell(found)))
    return found


def system_files(name: str) -> dict[str, bytes]:
    """What every system has in /etc."""
    release = f'NAME="{name}"\nID={name.partition(" ")[0].lower()}\nPRETTY_NAME="{name}"\n'
    return {"/etc/passwd": PASSWD, "/etc/group": GROUP, "/etc/os-release": release.encode()}


def _entry_point(found: Mapping[str, Program]) -> Program:
    """Runs the command that its words name, else curl with them."""

    async def program(context: PodContext) -> int:
        words = list(context.argv[1:])
        if not words or words[0].rpartition("/")[2] not in found:
            words = ["curl", *words]
        return await run_other(found, context, "entrypoint.sh", words)

    return program
