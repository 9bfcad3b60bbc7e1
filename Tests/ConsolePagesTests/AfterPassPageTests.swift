import Basics
import ConsoleAccess
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

    @Test("The plan of a look offers no approval, and leads to the plan that can be approved")
    func looksAreNotApproved() async throws {
        let (store, time) = try await Stores.full()
        let pages = PagesTests.pages(store, time)
        let command = "reconcile approve \(Stores.runID)"
        let ofPass = try await PagesTests.html(pages, "/plans/\(Stores.runID)")
        #expect(ofPass.contains(command) && !ofPass.contains("Nothing can be approved in this plan"), "\(ofPass)")
        // A look's plan is in its evidence alone.
        let directory = try TemporaryDirectory.inMemory()
        let evidence = EvidenceStore(directory: "\(directory.path)/evidence")
        let look = "01920000-0000-7000-8000-000000000002"
        try await store.beginRun(
            RunRecord(id: look, trigger: .manual, phase: .planned, isDryRun: true, startedAt: testNow))
        let plan = Array(JSON.write(try #require(try await store.plan(ofRun: Stores.runID))).utf8)
        let head = try await store.evidenceHead()
        let manifest = EvidenceManifest(
            runID: look, sequence: (head?.sequence ?? 0) + 1, previous: head?.manifest,
            items: [
                EvidenceManifest.Item(
                    name: "plan.json", digest: try evidence.put(plan, at: testNow), bytes: plan.count)
            ])
        _ = try await store.appendEvidence(
            runID: look, manifest: try evidence.put(manifest.bytes, at: testNow), previous: head?.manifest)
        let seen = try await PagesTests.html(
            ConsolePages(store: store, evidence: evidence, time: time), "/plans/\(look)")
        #expect(seen.contains("needs approval") && !seen.contains("reconcile approve"), "\(seen)")
        #expect(seen.contains("Nothing can be approved in this plan") && seen.contains("\"/plans/latest\""), "\(seen)")
        // Its own page leads there, and that of a run without a plan leads nowhere.
        let run = try await PagesTests.html(ConsolePages(store: store, evidence: evidence, time: time), "/runs/\(look)")
        #expect(run.contains("\"/plans/\(look)\""), "\(run)")
        await store.close()
    }

    @Test("A plan that a later pass has overtaken offers no approval, and leads to the plan that does")
    func overtakenPlan() async throws {
        let (store, time) = try await Stores.full()
        let pages = PagesTests.pages(store, time)
        let later = "01920000-0000-7000-8000-0000000000ff"
        time.advance(by: .minutes(1))
        try await store.beginRun(
            RunRecord(id: later, trigger: .manual, phase: .succeeded, isDryRun: false, startedAt: time.now))
        try await store.savePlan(
            runID: later, fingerprint: Digest(of: "later"), document: ["changes": [], "summary": [:]])
        let html = try await PagesTests.html(pages, "/plans/\(Stores.runID)")
        #expect(html.contains("needs approval") && !html.contains("reconcile approve"), "\(html)")
        #expect(html.contains("A later pass has made its own plan") && html.contains("\"/plans/latest\""), "\(html)")
        await store.close()
    }

    @Test("The page of a run leads to its plan only where one is kept", arguments: [false, true])
    func planOfARun(isKept: Bool) async throws {
        let (store, time) = try await Stores.empty()
        let pages = PagesTests.pages(store, time)
        try await store.beginRun(
            RunRecord(id: Stores.runID, trigger: .manual, phase: .failed, isDryRun: false, startedAt: testNow))
        if isKept {
            try await store.savePlan(
                runID: Stores.runID, fingerprint: Digest(of: "plan"), document: ["changes": [], "summary": [:]])
        }
        let html = try await PagesTests.html(pages, "/runs/\(Stores.runID)")
        #expect(html.contains("Read its plan") == isKept, "\(html)")
        let plan = try await PagesTests.get(pages, "/plans/\(Stores.runID)")
        #expect(plan.status == (isKept ? 200 : 404))
        await store.close()
    }

    @Test("Looks are no passes, however they end: neither made nor failed")
    func looksAreNotCounted() async throws {
        let (store, time) = try await Stores.empty()
        let runs: [(RunPhase, Bool)] = [
            (.failed, true), (.canceled, true), (.planned, true), (.succeeded, false), (.failed, false),
        ]
        for (index, (phase, isLook)) in runs.enumerated() {
            let id = "01920000-0000-7000-8000-00000000000\(index + 1)"
            var run = RunRecord(
                id: id, trigger: .manual, isDryRun: isLook, startedAt: testNow - .minutes(9 - index))
            try await store.beginRun(run)
            run.phase = phase
            run.completedAt = testNow
            try await store.updateRun(run)
        }
        let html = try await PagesTests.html(PagesTests.pages(store, time), "/")
        #expect(html.contains("2 passes, 1 failed"), "\(html)")
        await store.close()
    }

    @Test(
        "A place that there isn't among the runs is named as none, above the newest",
        arguments: ["x", "01a2", "01920000-0000-7000-8000-0000000000ff"])
    func noPlaceAmongRuns(_ place: String) async throws {
        let (store, time) = try await Stores.full()
        let answer = try await PagesTests.get(PagesTests.pages(store, time), "/runs?before=\(place)")
        let html = String(decoding: answer.body, as: UTF8.self)
        #expect(answer.status == 200 && html.contains("This is no place among the runs"), "\(html)")
        #expect(html.contains(Stores.runID))
        let oldest = try await PagesTests.html(PagesTests.pages(store, time), "/runs?before=\(Stores.runID)")
        #expect(oldest.contains("No run is further back") && !oldest.contains("No run yet"), "\(oldest)")
        await store.close()
    }

    @Test("The login page's command makes an account that can log in")
    func login() async throws {
        let (store, time) = try await Stores.empty()
        let access = AccessControl(store: store, settings: AccessSettings(isLoopback: false), time: time)
        _ = try await access.putUser(
            "ada", password: Secret("correct horse battery"), grants: [Grant(.owner)], by: "test")
        let html = try await PagesTests.html(PagesTests.pages(store, time, control: access), "/login")
        #expect(html.contains("access user add NAME --role ROLE --password-file -"), "\(html)")
        await store.close()
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
