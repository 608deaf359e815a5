import Testing

/// A name server of a test's own, whose answers change from question to question and are good for no time at all, in a
/// ``Namespace`` that has a public address, 93.184.216.34.
///
/// Two targets listen on port 5000: that of the namespace at 127.0.0.1, its log is `$1`, and one at the public address, its
/// log is `/mnt/public`. What was asked is in `/mnt/questions`, a line for each question: its type, a space, the name.
enum NameServer {
    static let isAvailable = Namespace.isAvailable && PythonServer.isAvailable

    /// Runs lines of `sh` with these functions: `fletch`; `arrived LOG PATH` waits until a request for PATH is in LOG;
    /// `questions NAME` counts those for IPv4 addresses.
    /// - Parameter answers: Of each name the addresses that the first, the second, … question of a type is answered with;
    ///   the last for all further ones.
    static func run(_ answers: [String: [[String]]], _ lines: String) async throws -> Shell.Outcome {
        let records = answers.map { name, rounds in
            "\"\(name)\": ["
                + rounds.map { "[" + $0.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
                .joined(separator: ",") + "]"
        }
        return try await Namespace.run(
            """
            ip address add 93.184.216.34/32 dev lo
            mount -t tmpfs none /mnt
            echo 'nameserver 127.0.0.1' > /mnt/resolv.conf
            mount --bind /mnt/resolv.conf /etc/resolv.conf
            echo 'hosts: files dns' > /mnt/nsswitch.conf
            mount --bind /mnt/nsswitch.conf /etc/nsswitch.conf
            '\(PythonServer.path)' -c '\(program)' '{\(records.joined(separator: ","))}' > /mnt/questions & names=$!
            '\(Shell.fletch)-target' --host 93.184.216.34 --port 5000 > /mnt/public & public=$!
            trap 'kill $names $public' EXIT
            arrived() { timeout 60 tail -f -n +1 "$1" | grep -qm1 "$2" || echo "$2 has not arrived"; }
            questions() { grep -c "^A $1\\$" /mnt/questions; }
            arrived /mnt/questions ready
            arrived /mnt/public listening
            \(lines)
            """)
    }

    /// In single quotes above.
    private static let program = """
        import json, socket, struct, sys

        answers = json.loads(sys.argv[1])
        asked = {}
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 53))
        print("ready", flush=True)
        while True:
            question, client = server.recvfrom(512)
            labels, at = [], 12
            while question[at]:
                labels.append(question[at + 1 : at + 1 + question[at]].decode())
                at += 1 + question[at]
            name, kind = ".".join(labels), struct.unpack_from("!H", question, at + 1)[0]
            print({1: "A", 28: "AAAA"}.get(kind, kind), name, flush=True)
            rounds = answers.get(name, [[]])
            count = asked[name, kind] = asked.get((name, kind), 0) + 1
            records = b""
            for address in rounds[min(count, len(rounds)) - 1]:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                if {socket.AF_INET: 1, socket.AF_INET6: 28}[family] != kind: continue
                data = socket.inet_pton(family, address)
                records += struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(data)) + data
            found = records.count(struct.pack("!HHHI", 0xC00C, kind, 1, 0))
            flags = 0x8180 if name in answers else 0x8183
            head = question[:2] + struct.pack("!HHHHH", flags, 1, found, 0, 0)
            server.sendto(head + question[12 : at + 5] + records, client)
        """
}
