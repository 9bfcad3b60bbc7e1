import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store
import StoreSQLite
import TestKit
import Testing

@Suite("What is old goes, and the chains stay whole")
struct RetentionTests {
    private static func retention(_ world: World) -> Retention {
        Retention(
            store: world.store, evidence: EvidenceStore(directory: "\(world.directory.path)/evidence"),
            rule: RetentionRule(), time: world.time, holder: "test/1")
    }

    /// A pass every ten days, and a change by hand with each.
    private static func aged(_ world: World, passes: Int) async throws {
        for number in 1...passes {
            if number > 1 { world.time.advance(by: .days(10)) }
            _ = await world.pass()
            _ = try await world.store.extendEnvironment(
                "crm", days: 20,
                audit: AuditRecord(
                    at: world.time.now, action: "env.extend", target: "crm", actor: "ann", detail: ["days": 20]))
        }
    }

    private static func verify(_ world: World, _ run: String) async throws -> EvidenceVerification {
        let evidence = EvidenceStore(directory: "\(world.directory.path)/evidence")
        let account = try await world.store.evidenceAccount(ofRun: run)
        return try #require(evidence.verify(account, stepsSince: world.time.now - RetentionRule().audit))
    }

    @Test("The audit goes after 90 days and what it is about after 30; both chains say from where they hold")
    func cuts() async throws {
        let world = try await World()
        try await Self.aged(world, passes: 13)
        // Of the instants 0, 10, … 120 the first three are older than 90 days, the first nine older than 30.
        let before = try await world.store.runs(limit: 99)
        #expect(before.count == 13)
        let dry = try await Self.retention(world).run(isDryRun: true)
        #expect(try await world.store.runs(limit: 99) == before)
        #expect(try await world.store.anchor(of: .audit) == nil)
        #expect(try await world.store.lastRetention() == nil)

        let report = try await Self.retention(world).run(isDryRun: false)
        #expect(report.auditRecords == 3 && report.evidenceLinks == 3 && report.runs.runs == 3)
        #expect(report.runs.plans == 9 && report.runs.events > 9 && report.objects > 9)
        #expect(dry.auditRecords == 3 && dry.evidenceLinks == 3 && dry.runs.plans == 9 && dry.objects == report.objects)

        let audit = try await world.store.verifyAuditLog()
        #expect(audit.isWhole && audit.anchor?.sequence == 3, "\(audit.faults)")
        #expect(try await world.store.auditLog(limit: 99).filter { $0.action == "env.extend" }.count == 10)
        let runs = try await world.store.runs(limit: 99)
        #expect(runs.map(\.id) == before.prefix(10).map(\.id))
        let newest = try await Self.verify(world, runs[0].id)
        #expect(newest.isWhole && newest.manifests == 10 && newest.first == 4 && newest.cut == 0, "\(newest.faults)")
        // One between the two ages has its manifest, and its objects are said to have gone.
        let middle = try await Self.verify(world, runs[8].id)
        #expect(middle.isWhole && middle.first == 4 && middle.cut > 0, "\(middle.faults)")

        // Again at once: nothing is left to cut, and nothing moves. The next pass goes on where the chain ends.
        let again = try await Self.retention(world).run(isDryRun: false)
        #expect(again.auditRecords + again.evidenceLinks + again.objects + again.runs.plans == 0)
        #expect(try await Self.retention(world).runIfDue() == nil)
        let next = await world.pass()
        #expect(next.isSuccess, "\(next.story)")
        #expect(try await Self.verify(world, next.run.id).isWhole)
        world.time.advance(by: .days(1))
        #expect(try await Self.retention(world).runIfDue() != nil)
    }

    @Test("What was tampered with is never cut away")
    func refusesToHide() async throws {
        let world = try await World()
        try await Self.aged(world, passes: 11)
        _ = try await world.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            try db.run("update ops.audit_log set actor = 'bob' where at = (select min(at) from ops.audit_log)", [])
                .count
        }
        await #expect { try await Self.retention(world).run(isDryRun: false) } throws: {
            ($0 as? StoreFault)?.code == "STORE-0050"
        }
        #expect(try await world.store.auditLog(limit: 99).count == 11)
        #expect(try await world.store.lease(name: "retention") == nil)
    }

    @Test("Evidence that another machine keeps stops no cut; each disk loses what is old on it, and no more")
    func elsewhere() async throws {
        let world = try await World()
        try await Self.aged(world, passes: 13)
        // The disk of a job in CI, gone with it: of one link nothing is here, also not the last that goes.
        let here = "\(world.directory.path)/evidence"
        let evidence = EvidenceStore(directory: here)
        let links = try await world.store.evidenceChain(limit: .max)
        for link in [links[links.count - 2], links[links.count - 3]] {
            FileSystem.remove(evidence.path(of: link.manifest))
        }
        // The service beside this one has a few objects of its own.
        let there = EvidenceStore(directory: "\(world.directory.path)/there")
        let old = try there.put([1], at: world.time.now - .days(45))
        let young = try there.put([2], at: world.time.now - .days(25))
        let kept = try there.put(FileSystem.read(evidence.path(of: links[4].manifest)), at: links[4].at)
        let other = Retention(
            store: world.store, evidence: there, rule: RetentionRule(), time: world.time, holder: "test/2")

        let dry = try await Self.retention(world).run(isDryRun: true)
        #expect(dry.evidenceLinks == 3 && dry.evidenceElsewhere == 2)
        let report = try #require(try await Self.retention(world).runIfDue())
        #expect(report.evidenceLinks == 3 && report.evidenceElsewhere == 2)
        #expect(report.runs.runs == 3 && report.runs.plans == 9 && report.objects > 0)
        #expect(try await Self.retention(world).runIfDue() == nil)
        let newest = try #require(links.first)
        #expect(try await Self.verify(world, newest.runID).isWhole)

        // The rows were cut for both; the objects of the other disk are its own matter.
        let second = try #require(try await other.runIfDue())
        #expect(second.objects == 1 && second.evidenceLinks == 0 && second.runs.runs == 0)
        #expect(!FileSystem.exists(there.path(of: old)) && FileSystem.exists(there.path(of: young)))
        #expect(FileSystem.exists(there.path(of: kept)), "a manifest of a link that is left")
        #expect(try await other.runIfDue() == nil)
    }

    @Test("A row of the chain that was changed or taken away stops the cut, wherever its evidence is")
    func changedRows() async throws {
        let world = try await World()
        try await Self.aged(world, passes: 12)
        let links = try await world.store.evidenceChain(limit: .max)
        let second = links[links.count - 2]
        FileSystem.remove(
            EvidenceStore(directory: "\(world.directory.path)/evidence").path(of: second.manifest))
        func change(_ sql: String) async throws {
            try await world.engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
                try db.run(sql, [])
            }
        }
        let digest = "sha256:" + String(repeating: "0", count: 64)
        try await change("update ops.evidence_chain set manifest = '\(digest)' where sequence = \(second.sequence)")
        func refuses() async {
            await #expect { try await Self.retention(world).run(isDryRun: false) } throws: {
                ($0 as? EvidenceFault)?.code == "EVID-0004"
            }
        }
        await refuses()
        try await change("delete from ops.evidence_chain where sequence = \(second.sequence)")
        await refuses()
        #expect(try await world.store.evidenceChain(limit: .max).count == links.count - 1)
    }

    @Test("A manifest that was changed stops the cut of the evidence, and a break behind the anchor is found")
    func findsBreaks() async throws {
        let world = try await World()
        try await Self.aged(world, passes: 12)
        let evidence = EvidenceStore(directory: "\(world.directory.path)/evidence")
        let links = try await world.store.evidenceChain(limit: .max)
        let second = evidence.path(of: links[links.count - 2].manifest)
        let bytes = try FileSystem.read(second)
        try FileSystem.write(bytes + [32], to: second)
        await #expect { try await Self.retention(world).run(isDryRun: false) } throws: {
            ($0 as? EvidenceFault)?.code == "EVID-0002"
        }
        try FileSystem.write(bytes, to: second)
        _ = try await Self.retention(world).run(isDryRun: false)
        let newest = try #require(links.first)
        #expect(try await Self.verify(world, newest.runID).isWhole)
        // Without its anchor the chain doesn't begin anywhere.
        let faults = evidence.verify(newest.head).faults.map(\.code)
        #expect(faults == ["EVID-0001"])
        let wrong = ChainAnchor(
            sequence: newest.sequence - links.count + 2, digest: links[0].manifest.description, before: newest.at,
            cutAt: newest.at)
        #expect(
            evidence.verify(newest.head, since: EvidenceHorizon(wrong, artifacts: 0)).faults.map(\.code)
                == ["EVID-0004"])
    }
}
