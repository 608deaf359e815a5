import Testing

@testable import FletchQueue

/// Which routes an application's update stores, and which jobs it ends.
@Suite struct CronPlanTests {
    private func plan(_ base: String, _ routes: String...) throws -> CronPlan {
        let cron = try CronExpression("@daily")
        return CronPlan(baseURL: base, routes: routes.map { ($0, cron) }, isDryRun: false)
    }

    @Test(arguments: ["https://a.com", "https://a.com/"]) func slashesInBetweenAreOne(_ base: String) throws {
        let endpoints = try plan(base, "/x", "y/z", "/", "").drafts.map(\.endpoint)
        #expect(endpoints == ["https://a.com/x", "https://a.com/y/z", "https://a.com/", "https://a.com/"])
    }

    @Test func jobsTakeThePlaceOfThoseBefore() throws {
        let draft = try #require(plan("https://a.com", "x").drafts.first?.draft)
        #expect(draft.id == "@cron")
        #expect(draft.overrides)
        #expect(draft.body == "null")
        #expect(draft.schedule?.cron?.text == "@daily")
    }

    @Test func endpointsBelowTheBaseEndThatAreNoRoute() throws {
        let plan = try plan("https://a.com/app", "x", "/y/")
        #expect(plan.outlives("https://a.com/app/old"))
        #expect(plan.outlives("https://a.com/app"))
        #expect(plan.outlives("https://a.com/app?old"))
        #expect(!plan.outlives("https://a.com/app/x"))
        #expect(!plan.outlives("https://a.com/app/x/"))
        #expect(!plan.outlives("https://a.com/app/y"))
        #expect(!plan.outlives("https://a.com/apple/x"))
        #expect(!plan.outlives("https://a.com/other"))
    }

    @Test func otherHostsAreNotBelow() throws {
        #expect(try !plan("https://a.com", "x").outlives("https://a.com.evil/y"))
        #expect(try !plan("https://a.com/", "x").outlives("https://a.com:8080/y"))
    }
}
