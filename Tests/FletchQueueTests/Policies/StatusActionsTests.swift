import Testing

@testable import FletchQueue

@Suite struct StatusActionsTests {
    @Test func numberBeatsClass() {
        let actions = StatusActions(["404": .retry, "4xx": .dead, "200": .pause])
        #expect(actions?.action(for: 404) == .retry)
        #expect(actions?.action(for: 400) == .dead)
        #expect(actions?.action(for: 499) == .dead)
        #expect(actions?.action(for: 200) == .pause)
        #expect(actions?.action(for: 201) == nil)
        #expect(actions?.action(for: 500) == nil)
    }

    @Test func everyStatusAndClassIsAKey() {
        for status in 100...599 {
            #expect(StatusActions([String(status): .end])?.action(for: status) == .end)
        }
        for digit in 1...5 {
            let actions = StatusActions(["\(digit)xx": .end])
            #expect(actions?.action(for: digit * 100) == .end)
            #expect(actions?.action(for: digit * 100 + 99) == .end)
            #expect(actions?.action(for: digit * 100 - 1) == nil)
            #expect(actions?.action(for: digit * 100 + 100) == nil)
        }
    }

    @Test(arguments: [
        "", "4", "40", "4040", "099", "600", "999", "0xx", "6xx", "4XX", "4xX", "x04", "4x4", "40x", "+40", "-40",
        " 40",
        "404 ", "4xx ", "xxx", "*", "４０４", "\0\0\0", "4.0",
    ])
    func otherTextIsNoKey(_ key: String) {
        #expect(StatusActions([key: .end]) == nil)
        var actions = StatusActions()
        let isSet = actions.set(.end, for: key)
        #expect(!isSet)
        #expect(actions == StatusActions())
    }

    @Test(arguments: [Int.min, -404, -1, 0, 1, 4, 5, 99, 600, 604, .max]) func otherNumberHasNoAction(_ status: Int) {
        let actions = StatusActions(["1xx": .end, "4xx": .end, "5xx": .end])
        #expect(actions != nil)
        #expect(actions?.action(for: status) == nil)
    }

    @Test func nilRemovesAnAction() {
        var actions = StatusActions()
        let isSet = actions.set(.end, for: "404")
        #expect(isSet)
        #expect(actions.given == ["404": .end])
        let isKey = actions.set(nil, for: "404")
        #expect(isKey)
        #expect(actions == StatusActions())
        #expect(actions.action(for: 404) == nil)
    }

    @Test(arguments: [200, 204, 299]) func byDefault2xxSucceeds(_ status: Int) {
        #expect(StatusActions.standard(status) == .succeed)
    }

    @Test(arguments: [Int.min, 0, 100, 199, 300, 304, 400, 403, 405, 410, 429, 500, 503, 599, 600, .max])
    func byDefaultOtherStatusIsRetriedAnd404Ends(_ status: Int) {
        #expect(StatusActions.standard(status) == .retry)
        #expect(StatusActions.standard(404) == .end)
    }
}
