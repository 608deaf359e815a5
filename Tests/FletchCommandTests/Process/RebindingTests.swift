import Testing

/// Names whose owner gives them other addresses than those that were checked.
@Suite(.timeLimit(.minutes(2)), .enabled(if: NameServer.isAvailable, "takes root, iproute2 and Python"))
struct RebindingTests {
    /// A second question would be answered with 127.0.0.1: the answer to the first is both checked and connected to.
    @Test func addressThatWasCheckedIsTheOneConnectedTo() async throws {
        let outcome = try await NameServer.run(
            ["rebind.test": [["93.184.216.34"], ["127.0.0.1"]]],
            """
            fletch --public-only --until answered --receipt json http://rebind.test:5000/first
            echo "status $?"
            arrived /mnt/public /first
            echo "questions $(questions rebind.test)"
            fletch --public-only --until answered --receipt json http://rebind.test:5000/second
            echo "status $?"
            echo "questions $(questions rebind.test)"
            fletch --until answered http://rebind.test:5000/unchecked
            arrived "$1" /unchecked
            grep -cE '/first|/second' "$1"
            """)
        let lines = outcome.output.split(separator: "\n")
        try #require(lines.count == 7, "\(outcome.output)\(outcome.errors)")
        #expect(lines[0].contains("\"remote\":\"93.184.216.34:5000\""))
        #expect(lines[1] == "status 0")
        #expect(lines[2] == "questions 1")
        #expect(lines[3].contains("\"code\":\"target-refused\"") && lines[3].contains("it leads to 127.0.0.1"))
        #expect(lines[4] == "status 7")
        #expect(lines[5] == "questions 2")
        // Nothing of what was checked has come to 127.0.0.1; without a check it would have.
        #expect(lines[6] == "0")
    }

    /// Neither a connection that is reused nor a name that is known asks anew.
    @Test func namesThatAreKnownLeadWhereTheyWereChecked() async throws {
        let outcome = try await NameServer.run(
            ["rebind.test": [["93.184.216.34"], ["127.0.0.1"]]],
            """
            seq -f 'http://rebind.test:5000/%g' 50 |
                fletch volley --public-only --reuse never --until answered --summary json -
            echo "status $?"
            arrived /mnt/public ' /50 '
            echo "questions $(questions rebind.test)"
            grep -c 'GET' "$1"
            """)
        let lines = outcome.output.split(separator: "\n")
        try #require(lines.count == 4, "\(outcome.output)\(outcome.errors)")
        #expect(lines[0].contains("\"answered\":50"))
        #expect(lines[1...] == ["status 0", "questions 1", "0"])
    }

    /// Whichever comes first, and though only the other family is asked for.
    @Test(arguments: [
        (["93.184.216.34", "127.0.0.1"], ""), (["127.0.0.1", "93.184.216.34"], ""), (["93.184.216.34", "::1"], "-4"),
        (["127.0.0.1"], ""), (["::1"], ""), (["10.1.2.3"], ""),
    ])
    func nameWithAnyRefusedAddressIsRefusedWhole(_ addresses: [String], _ option: String) async throws {
        let outcome = try await NameServer.run(
            ["mixed.test": [addresses]],
            """
            fletch --public-only --until answered --receipt json \(option) http://mixed.test:5000/mixed
            echo "status $?"
            fletch http://127.0.0.1:5000/last
            arrived "$1" /last
            cat "$1" /mnt/public | grep -c /mixed
            """)
        let lines = outcome.output.split(separator: "\n")
        try #require(lines.count == 3, "\(outcome.output)\(outcome.errors)")
        #expect(lines[0].contains("\"code\":\"target-refused\"") && lines[0].contains("\"certainty\":\"not-sent\""))
        #expect(lines[1...] == ["status 7", "0"])
    }
}
