"""Two network namespaces with a wire between them."""

import os
import signal
import subprocess
import time

HOST = "10.98.0.1"
COUNTERS = ["tx_bytes", "rx_bytes", "tx_packets", "rx_packets"]


class Network:
    """The client's namespace and the server's; deleted, with all that runs in them, on leaving the `with` block."""

    def __init__(self):
        self.client = f"fletch-origins-{os.getpid()}-client"
        self.server = f"fletch-origins-{os.getpid()}-server"

    def __enter__(self):
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in (self.client, self.server):
            self._end_all(name)
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)

    def inside(self, name, command):
        return ["ip", "netns", "exec", name, *command]

    def counters(self):
        """Bytes out, bytes in, packets both ways, at the client's end."""
        files = [f"/sys/class/net/wire/statistics/{name}" for name in COUNTERS]
        sent, received, *packets = map(int, self._run(self.client, "cat", *files).split())
        return sent, received, sum(packets)

    def counters_at_rest(self):
        """What is still on its way is waited for: answers, resets."""
        give_up = time.monotonic() + 2
        before, now = None, self.counters()
        while now != before and time.monotonic() < give_up:
            time.sleep(0.1)
            before, now = now, self.counters()
        return now

    def end_all(self):
        """Ends what runs in the server's namespace."""
        self._end_all(self.server)

    def _make(self):
        for name in (self.client, self.server):
            self._ip("netns", "add", name)
            # Neighbour discovery of IPv6 would be counted, too.
            self._run(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        ends = ["netns", self.client, "type", "veth", "peer", "name", "wire", "netns", self.server]
        self._ip("link", "add", "wire", *ends)
        for name, address in ((self.client, "10.98.0.2"), (self.server, HOST)):
            self._ip("-n", name, "addr", "add", f"{address}/24", "dev", "wire")
            self._run(name, "ethtool", "-K", "wire", "tso", "off", "gso", "off", "gro", "off")
            for link in ("lo", "wire"):
                self._ip("-n", name, "link", "set", link, "up")
        for name, peer, address in ((self.client, self.server, HOST), (self.server, self.client, "10.98.0.2")):
            hardware = self._run(peer, "cat", "/sys/class/net/wire/address").strip()
            self._ip("-n", name, "neigh", "replace", address, "dev", "wire", "lladdr", hardware)

    def _end_all(self, name):
        for number in (signal.SIGTERM, signal.SIGKILL):
            give_up = time.monotonic() + 3
            for process in (processes := self._processes(name)):
                try:
                    os.kill(process, number)
                except ProcessLookupError:
                    pass
            while processes and self._processes(name) and time.monotonic() < give_up:
                time.sleep(0.05)

    def _processes(self, name):
        """Those of a namespace that was made here, so all of them are ours."""
        listing = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
        return [int(line) for line in listing.stdout.split()]

    def _ip(self, *arguments):
        subprocess.run(["ip", *arguments], check=True, stdout=subprocess.DEVNULL)

    def _run(self, name, *command):
        run = subprocess.run(self.inside(name, command), check=True, stdout=subprocess.PIPE, text=True)
        return run.stdout
