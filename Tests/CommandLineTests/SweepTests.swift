import Basics
import Formats
import TestKit
import Testing

@Suite("reconcile sweep")
struct SweepTests {
    private static let record = "digitalocean.record/shop.example/A/lab"

    /// The files with a lab that owns a record, in a window that is always closed.
    private static func files(letsPeople: Bool? = nil) -> [String: String] {
        var files = Site.files
        files["ssot/infra/digitalocean/inventory.yaml", default: ""] += """
            droplets:
              - {name: web, region: sgp1, size: s-1vcpu-2gb, image: ubuntu-24-04-x64}

            """
        files["ssot/environments.yaml"] = """
            schema: ssot.environments.v1
            environments:
              lab: {tier: dev, branch: main, host: web, domain: lab.shop.example}

            """
        guard let letsPeople else { return files }
        files[".odooops/policies.yaml", default: ""] += """
            sync_windows:
              - {kind: deny, schedule: "0 0 * * *", duration: 24h, manual_sync: \(letsPeople)}

            """
        return files
    }

    @Test("By hand it gets through the windows that let people through, and says what goes, waits, or is gone already")
    func windows() async throws {
        let site = try Site(files: Self.files())
        for _ in 0..<4 where !(await site.records().contains { $0.hasPrefix("A lab ") }) { _ = await site.run() }
        #expect(await site.records().contains { $0.hasPrefix("A lab ") })
        let later = (SystemTime().now + .days(20)).description
        func sweep() async -> Program.Result { await site.run("sweep", "--dry-run", "--now", later) }

        try site.commit(Self.files(letsPeople: false))
        let closed = await sweep()
        #expect(closed.output.contains("ago): waits"), "\(closed.story)")
        #expect(closed.output.contains("! \(Self.record) stays: a deny window is open"), "\(closed.story)")

        try site.commit(Self.files(letsPeople: true))
        let open = await sweep()
        #expect(open.output.contains("ago): goes") && open.output.contains("- \(Self.record)"), "\(open.story)")

        // An end that nothing is left for.
        let bare = try Site()
        #expect(await bare.run().status == 0)
        let left = await bare.run("sweep", "--dry-run", "--now", later)
        #expect(
            left.output.contains("lab · has ended") && left.output.contains("nothing of it is left"), "\(left.story)")
    }

    @Test("What should go with what has ended and is denied makes it exit with 4, and says why and when")
    func refused() async throws {
        let site = try Site(files: Self.files())
        for _ in 0..<4 where !(await site.records().contains { $0.hasPrefix("A lab ") }) { _ = await site.run() }
        let gone = "schema: ssot.environments.v1\nenvironments: {}\n"
        let policies = Site.files[".odooops/policies.yaml", default: ""]
        try site.commit([
            "ssot/environments.yaml": gone, ".odooops/policies.yaml": policies + "limits: {max_deletes: 0}\n",
        ])
        let refused = await site.run("sweep")
        #expect(refused.status == 4 && refused.error.contains("RUN-0012"), "\(refused.story)")
        #expect(refused.output.contains("! \(Self.record) stays: the plan would delete 1, the cap is 0"))
        #expect(await site.run("sweep", "--dry-run").status == 0)
        #expect(await site.records().contains { $0.hasPrefix("A lab ") })
    }

    @Test("What documents let go of is no refusal while it waits for its time, and is told with when it goes")
    func letGo() async throws {
        let site = try Site(files: Self.files())
        for _ in 0..<4 where !(await site.records().contains { $0.hasPrefix("A lab ") }) { _ = await site.run() }
        let policies = Site.files[".odooops/policies.yaml", default: ""]
        try site.commit([
            "ssot/environments.yaml": "schema: ssot.environments.v1\nenvironments: {}\n",
            ".odooops/policies.yaml": policies.replacing(
                "{grace: none, guarded_grace: none}", with: "{guarded_grace: 24h}"),
        ])
        _ = await site.run()
        let marked = await site.run("sweep")
        #expect(marked.status == 0, "\(marked.story)")
        let told = await site.run("explain", "lab")
        #expect(told.output.contains("  goes         20") && !told.output.contains("not by itself"), "\(told.story)")
    }

    @Test("Of what lives on and so far keeps what it doesn't want any more it doesn't say that it loses some")
    func keeps() async throws {
        var files = Self.files()
        files[".odooops/policies.yaml"] = Site.files[".odooops/policies.yaml", default: ""]
            .replacing("{grace: none, guarded_grace: none}", with: "{grace: 6h, guarded_grace: none}")
        let site = try Site(files: files)
        for _ in 0..<4 where !(await site.records().contains { $0.hasPrefix("A lab ") }) { _ = await site.run() }
        try site.commit([
            "ssot/environments.yaml": files["ssot/environments.yaml", default: ""]
                .replacing("lab.shop.example", with: "other.shop.example")
        ])
        let marked = await site.run("sweep", "--dry-run")
        #expect(marked.output.contains("lab · lives, and so far keeps what it"), "\(marked.story)")
        #expect(marked.output.contains("! \(Self.record) stays: it is marked first"), "\(marked.story)")
    }
}
