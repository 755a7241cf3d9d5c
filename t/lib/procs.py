"""What /proc tells about the processes of a private server."""

import ctypes
import errno
import os
import socket
import struct

_NETLINK_SOCK_DIAG = 4
_LISTENING = "0A"  # a state of /proc/net/tcp
_TICKS = os.sysconf("SC_CLK_TCK")  # a second
_libc = ctypes.CDLL(None)


def _stat(pid):
    """(state, ppid, pgrp, session) or None when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], int(fields[1]), int(fields[2]), int(fields[3])


def alive(pid):
    """Running, that is: not gone and not a zombie either."""
    stat = _stat(pid)
    return stat is not None and stat[0] not in "ZX"


def _pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children_of(parent):
    return sorted(
        pid for pid in _pids() if (stat := _stat(pid)) and stat[1] == parent and stat[0] not in "ZX"
    )


def stopped(pid):
    """All its threads are, as SIGSTOP does not wait for."""
    states = set()
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii", errors="replace") as stat:
            states.add(stat.read().rpartition(")")[2].split()[0])
    return states == {"T"}


def file_count(pid):
    """How many descriptors it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def members_of_session(session):
    return sorted(
        pid for pid in _pids() if (stat := _stat(pid)) and stat[3] == session and stat[0] not in "ZX"
    )


def shared_memory_files(pids):
    """Files below /dev/shm that these processes have mapped and that still have a name."""
    found = set()
    for pid in pids:
        try:
            with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
                for line in maps:
                    path = line.split(maxsplit=5)[5:]
                    if path and path[0].startswith("/dev/shm/") and "(deleted)" not in path[0]:
                        found.add(path[0].rstrip("\n"))
        except OSError:
            continue
    return found


def _shared(pid):
    """(path, size in bytes) of each mapping that this process may write to and others see."""
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            addresses, rights, _, _, _, path = [*line.rstrip("\n").split(maxsplit=5), ""][:6]
            if rights == "rw-s":
                begin, end = (int(address, 16) for address in addresses.split("-"))
                yield path, end - begin


def shared_mappings(pid):
    """{path: size of the largest}. What has no name is "/dev/zero (deleted)"."""
    found = {}
    for path, size in _shared(pid):
        found[path] = max(found.get(path, 0), size)
    return found


def shared_sizes(pid):
    return [size for _, size in _shared(pid)]


def sysv_segments(creators):
    """Ids of SysV segments made by these processes."""
    found = []
    try:
        with open("/proc/sysvipc/shm", encoding="ascii") as table:
            columns = table.readline().split()
            for line in table:
                row = dict(zip(columns, line.split()))
                if int(row["cpid"]) in creators:
                    found.append(row["shmid"])
    except OSError:
        pass
    return found


def sysv_semaphores(users):
    """Ids of SysV semaphores that one of these processes was the last to set or use."""
    getpid = 11
    found = []
    try:
        with open("/proc/sysvipc/sem", encoding="ascii") as table:
            columns = table.readline().split()
            numbers = [dict(zip(columns, line.split()))["semid"] for line in table]
    except OSError:
        return found
    for number in numbers:
        if _libc.semctl(int(number), 0, getpid) in users:
            found.append(number)
    return found


def memory_of(pid):
    """{"VmRSS": bytes, "RssAnon": bytes, ...}, as /proc has it."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        rows = (line.split() for line in status)
        return {row[0].rstrip(":"): int(row[1]) << 10 for row in rows if row[2:] == ["kB"]}


def cpu_seconds(pid):
    """What it has used so far, in itself and in the kernel."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def footprint(pid):
    """What a process holds that must not become more: descriptors, shared mappings, segments, semaphores, memory."""
    return {"fds": file_count(pid), "mappings": len(shared_sizes(pid)), "segments": len(sysv_segments({pid})),
            "semaphores": len(sysv_semaphores({pid})), "anonymous": memory_of(pid)["RssAnon"]}  # fmt: skip


def _ask_for_inode(local, remote):
    """The same by sock_diag(7), which looks for one socket: with the ends of a load in it /proc/net/tcp takes a quarter
    of a second to read. An OSError where the kernel has no such thing; None if there is no such socket, or 0."""
    anything = 0xFFFFFFFF
    ends = struct.pack(">HH", local[1], remote[1])
    ends += b"".join(socket.inet_aton(end[0]) + bytes(12) for end in (local, remote))
    ends += struct.pack("=III", 0, anything, anything)
    request = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, anything) + ends
    sock_diag_by_family, nlm_request, nlmsg_error, head = 20, 1, 2, 16
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as link:
        link.settimeout(5)
        link.send(struct.pack("=IHHII", head + len(request), sock_diag_by_family, nlm_request, 1, 0) + request)
        answer = link.recv(8192)
    if struct.unpack_from("=IH", answer)[1] == nlmsg_error:
        code = -struct.unpack_from("=i", answer, head)[0]
        if code != errno.ENOENT:
            raise OSError(code, "sock_diag")
        return None
    return str(struct.unpack_from("=I", answer, head + 68)[0])


def _socket_inode(local, remote):
    """The inode of the established TCP socket with these IPv4 (address, port) ends, or None."""
    try:
        inode = _ask_for_inode(local, remote)
        return inode if inode != "0" else None
    except OSError:
        pass

    def spelled(end):
        octets = bytes(int(part) for part in end[0].split("."))
        return f"{int.from_bytes(octets, 'little'):08X}:{end[1]:04X}"

    wanted = (spelled(local), spelled(remote))
    with open("/proc/net/tcp", encoding="ascii") as table:
        next(table)
        for line in table:
            fields = line.split()
            if (fields[1], fields[2]) == wanted and fields[9] != "0":
                return fields[9]
    return None


def connections_at(port):
    """How many connections some process holds at this local port, listening sockets not counted."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        next(table)
        rows = [line.split() for line in table]
    return sum(row[1].endswith(f":{port:04X}") and row[3] != _LISTENING and row[9] != "0" for row in rows)


def is_held(port, peer_port):
    """Some process holds the end at `port` of a connection to `peer_port`, both on this host."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        next(table)
        rows = [line.split() for line in table]
    return any(
        row[1].endswith(f":{port:04X}") and row[2].endswith(f":{peer_port:04X}") and row[9] != "0" for row in rows
    )


def listens(pid, port):
    """The process holds a listening socket of this port."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        next(table)
        rows = [line.split() for line in table]
    inodes = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}") and row[3] == _LISTENING}
    return not inodes.isdisjoint(_open_files(pid))


def _open_files(pid):
    """What its descriptors are links to."""
    found = set()
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                found.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
            except OSError:
                continue
    except OSError:
        pass
    return found


def socket_owner(pids, local, remote):
    """Which of the processes holds the server's end of a connection; None before it is accepted."""
    inode = _socket_inode(local, remote)
    if inode is None:
        return None
    return next((pid for pid in pids if f"socket:[{inode}]" in _open_files(pid)), None)
