import Basics
import Formats
import TestKit
import Testing

@Suite("Tables that were taken away")
struct MissingTableCommandTests {
    private func drop(_ table: String, at site: Site) {
        let done = Shell.run("sqlite3 \(Shell.quote("\(site.state)/ops.sqlite")) 'drop table \(table)'")
        #expect(done.status == 0, "\(done.output)")
    }

    @Test(
        "One whose rows are lost is told by each command, made again only at a word, and its loss is in the audit log")
    func lost() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        drop("drift_items", at: site)
        let doctor = await site.run("doctor")
        #expect(
            doctor.status == 1 && doctor.output.contains("STORE-0056: ops.drift_items is missing"), "\(doctor.story)")
        for words in [["migrate"], ["env", "list"]] {
            let told = words.count == 1 ? await site.run("migrate") : await site.run(words[0], words[1])
            #expect(told.status == 1 && told.error.contains("STORE-0056"), "\(told.story)")
            #expect(told.error.contains("under Restore") && !told.output.contains("up to date"), "\(told.story)")
            #expect(told.error.contains("`reconcile migrate --accept-loss drift_items`"), "\(told.story)")
        }
        let made = await site.run("migrate", "--accept-loss", "ops.drift_items", "--actor", "ada")
        #expect(made.status == 0, "\(made.story)")
        #expect(made.output.contains("created ops.drift_items, which was missing: the rows"), "\(made.story)")
        #expect(await site.run("audit", "--json").json?[0]?["action"]?.stringValue == "store.remade")
        #expect(await site.run("doctor").output.contains("✓ store:"))
        let pass = await site.run()
        #expect(pass.status == 0 && !pass.story.contains("STORE-"), "\(pass.story)")
        let again = await site.run("migrate", "--accept-loss", "drift_items")
        #expect(again.status == 1 && again.error.contains("ops.drift_items is not missing"), "\(again.story)")
    }

    @Test("One whose rows come again is made again by migrate itself")
    func refilled() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        drop("do_droplets", at: site)
        // Others read it: the work goes on.
        #expect(await site.run().status == 0)
        #expect(await site.run("doctor").output.contains("ops.do_droplets is missing"))
        let made = await site.run("migrate")
        #expect(made.status == 0 && made.output.contains("created ops.do_droplets"), "\(made.story)")
        #expect(await site.run("migrate").output.contains("is up to date"))
        #expect(await site.run("doctor").output.contains("✓ store:"))
    }
}
