import Basics
import Formats
import TestKit
import Testing

@Suite("The list of environments")
struct EnvironmentListTests {
    private static func site(_ rule: String) throws -> Site {
        var files = Site.files
        let policies = files[".odooops/policies.yaml"] ?? ""
        files[".odooops/policies.yaml"] =
            policies.replacing("dev_named: 14d", with: "dev_named: \(rule)")
            .replacing("guarded_grace: none", with: "guarded_grace: 24h")
        return try Site(files: files)
    }

    private static func line(_ result: Program.Result) -> String {
        result.output.split(separator: "\n").first { $0.hasPrefix("lab ") }.map(String.init) ?? result.story
    }

    @Test("Its words are those of the policy: not expiring before it warns, and over with when it goes in the grace")
    func phases() async throws {
        let site = try Self.site("{ttl: 12h, warn_before: 1h, grace: 2h}")
        #expect(await site.run().status == 0)
        let fresh = await site.run("env", "list")
        #expect(Self.line(fresh).contains(" active ") && !fresh.output.contains("Keep"), "\(fresh.story)")
        let rows = await site.run("env", "list", "--json")
        let end = try #require(rows.json?[0]?["expires_at"]?.instantValue, "\(rows.story)")
        #expect(rows.json?[0]?["goes_at"]?.stringValue == (end + .hours(2)).description)
        let late = await site.run("env", "list", "--now", (end + .hours(1)).description)
        #expect(
            Self.line(late).contains(" over ") && late.output.contains("ago, goes \((end + .hours(2)).minuteText)")
                && late.output.contains("Keep lab: reconcile env extend lab --days 7"), "\(late.story)")
    }

    @Test("What was left alone shows its end again as soon as that is over")
    func leftAlone() async throws {
        let site = try Self.site("{ttl: 12h, warn_before: 1h, grace: 2h}")
        #expect(await site.run().status == 0)
        let end = try #require(await site.run("env", "list", "--json").json?[0]?["expires_at"]?.instantValue)
        #expect(await site.run("env", "suspend", "lab", "--until", "5d").status == 0)
        #expect(await site.run().status == 0)
        let left = await site.run("env", "list")
        #expect(Self.line(left).contains(" suspended until ") && Self.line(left).contains(" no end "), "\(left.story)")
        let late = await site.run("env", "list", "--now", (end + .days(9)).description)
        #expect(
            Self.line(late).contains(" over ")
                && late.output.contains("ended 9d ago, goes \((end + .days(9) + .minutes(30)).minuteText)")
                && late.output.contains("Keep lab: reconcile env extend lab --days 16"), "\(late.story)")
        let resumed = await site.run("env", "resume", "lab")
        #expect(resumed.output.hasPrefix("lab is reconciled again from the next pass on."), "\(resumed.story)")
    }

    @Test(
        "What nothing wants is unwanted; no days are promised to it, and what unpinning it comes to is said")
    func unwanted() async throws {
        let site = try Self.site("14d")
        #expect(await site.run().status == 0)
        let extended = await site.run("env", "extend", "lab", "--days", "2")
        #expect(extended.output.hasPrefix("lab has 2 days more (2 in all): it ends "), "\(extended.story)")
        #expect(await site.run("env", "pin", "lab", "--until", "20h").status == 0)
        try site.commit(["ssot/environments.yaml": "schema: ssot.environments.v1\nenvironments: {}\n"])
        #expect(await site.run().status == 0)
        let list = await site.run("env", "list")
        #expect(Self.line(list).contains(" unwanted ") && Self.line(list).contains(" pinned until "), "\(list.story)")
        let refused = await site.run("env", "extend", "lab", "--days", "7")
        #expect(refused.status != 0 && refused.error.contains("RUN-0033"), "\(refused.story)")
        #expect(refused.error.contains("It goes when its pin ends, at 2"), "\(refused.story)")
        let loose = await site.run("env", "unpin", "lab")
        #expect(
            loose.output.contains("nothing wants it any more: the next pass deletes it, or marks it"), "\(loose.story)")
        // Left alone it stays, and says what it comes to.
        #expect(await site.run("env", "suspend", "lab").status == 0)
        #expect(await site.run().status == 0)
        let left = await site.run("env", "list")
        #expect(Self.line(left).contains(" goes when resumed ") && !left.output.contains("Keep"), "\(left.story)")
        let resumed = await site.run("env", "resume", "lab")
        #expect(
            resumed.output.hasPrefix(
                "lab is reconciled again, and nothing wants it any more: the next pass deletes it, or marks it"),
            "\(resumed.story)")
        let last = await site.run("env", "list")
        #expect(
            Self.line(last).contains(" goes as soon as it may ")
                && last.output.contains("Keep lab: reconcile env pin lab --until 7d"), "\(last.story)")
    }
}
