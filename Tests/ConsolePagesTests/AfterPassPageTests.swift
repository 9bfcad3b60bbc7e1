import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import TestKit
import Testing
import Web

@testable import ConsolePages

/// Pages right after a pass: they tell what it left, and not what it found.
@Suite struct AfterPassPageTests {
    @Test("An environment is told as the pass left it: the first one, one that was made later, and one that went")
    func environments() async throws {
        let world = try await ExampleWorld()
        await world.pass()
        for slug in ["payroll", "production"] {
            let html = try await world.html("/environments/\(slug)")
            #expect(html.contains(">as wanted<") && html.contains("there, provider id"), "\(slug): \(html)")
            for text in ["not there", ">next pass:", "in the way", "changes of it", "before run"] {
                #expect(!html.contains(text), "\(slug) has \(text): \(html)")
            }
        }
        world.source.branch("feature/loyalty-points")
        await world.pass()
        let slug = try #require(try await world.store.environmentName(of: "feature/loyalty-points"))
        let made = try await world.html("/environments/\(slug)")
        #expect(made.contains(">as wanted<") && !made.contains("not there") && !made.contains(">next pass:"), "\(made)")
        // Another process makes a pass, of which this one learns by the store alone.
        world.time.advance(by: .minutes(1))
        let other = await world.reconciler().pass(PassOptions())
        let later = try await world.html("/environments/\(slug)")
        let line = later.range(after: "As of ", until: "</span>")
        #expect(line.contains("UTC, before run") && line.contains(other.run.id), "\(line)")
    }

    @Test("A finding's command leads to an answer, and the page of differences gives it at once")
    func findings() async throws {
        let world = try await ExampleWorld()
        try await world.addDroplet("stray")
        let report = await world.pass()
        let item = try #require(report.plan?.drift.first { $0.isOnlyFinding }, "\(report.plan?.drift ?? [])")
        #expect(item.key.description == "digitalocean.droplet/stray")
        let html = try await world.html("/drift")
        for text in ["against a rule", "reconcile explain \(item.finding ?? "")", "reconcile explain \(item.key)"] {
            #expect(html.contains(text), "\(text): \(html)")
        }
        let answer = try await world.reconciler().answer(item.key.description)
        #expect(answer.document["findings"]?[0]?["code"] == item.finding.map { .string($0) }, "\(answer.document)")
    }

    @Test("Deployments are asked for by a name or branch that there is; another one is named as none")
    func deployments() async throws {
        let world = try await ExampleWorld()
        await world.pass()
        let wrong = try await world.html("/deployments?environment=nope")
        #expect(wrong.contains("There is no environment nope") && !wrong.contains("Nothing was deployed lately"))
        let (branch, name) = (
            try await world.html("/deployments?environment=main"),
            try await world.html("/deployments?environment=production")
        )
        #expect(name.contains("Ada Lovelace") && !name.contains("/environments/payroll"), "\(name)")
        #expect(branch.contains("Ada Lovelace") && !branch.contains("/environments/payroll"), "\(branch)")
        let shared = try await world.html("/deployments?environment=shared")
        #expect(shared.contains("Ada Lovelace") && !shared.contains("/environments/production"), "\(shared)")
    }

    @Test(
        "A run under way keeps its evidence when it ends; one that has ended without any left none",
        arguments: [(RunPhase.applying, true), (.planning, true), (.failed, false), (.succeeded, false)])
    func evidence(phase: RunPhase, isUnderWay: Bool) async throws {
        let (store, time) = try await Stores.empty()
        try await store.beginRun(
            RunRecord(id: Stores.runID, trigger: .manual, phase: phase, isDryRun: false, startedAt: testNow))
        let html = try await PagesTests.html(PagesTests.pages(store, time), "/runs/\(Stores.runID)")
        #expect(html.contains("its evidence is kept when it ends") == isUnderWay, "\(html)")
        #expect(html.contains("This run left no evidence") != isUnderWay)
    }
}
