import Basics
import Formats
import Glibc
import Simulator
import TestKit
import Testing

@Suite("Backup, restore and retention")
struct StoreCommandTests {
    @Test("A copy is taken, put back, and what it can't know is made safe")
    func restores() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        let copy = "\(site.directory.path)/copy.sqlite"
        let backup = await site.run("store", "backup", copy, "--json")
        #expect(backup.status == 0 && backup.json?["whole"] == true, "\(backup.story)")
        #expect(backup.json?["bytes"]?.intValue ?? 0 > 100_000)
        let again = await site.run("store", "backup", copy)
        #expect(again.status == 1 && again.error.contains("STORE-0051"), "\(again.story)")

        let extended = await site.run("env", "extend", "lab", "--days", "9")
        #expect(extended.status == 0, "\(extended.story)")
        let secret = "\(site.directory.path)/password"
        try FileSystem.write("correct horse battery".utf8, to: secret)
        let user = await site.run("access", "user", "add", "mallory", "--role", "admin", "--password-file", secret)
        #expect(user.status == 0, "\(user.story)")
        let restored = await site.run("store", "restore", copy, "--json", "--actor", "ann")
        #expect(restored.status == 0, "\(restored.story)")
        #expect(restored.json?["kept"]?.stringValue?.contains(".before-") == true, "\(restored.story)")
        #expect(restored.json?["users"] == [], "\(restored.story)")
        let audit = await site.run("audit", "--json")
        #expect(audit.json?.listValue?.map { $0["action"] } == ["store.restored"], "\(audit.story)")
        #expect(await site.run("audit", "verify").status == 0)
        // Everything is there, and nothing is made twice.
        let pass = await site.run("--json")
        #expect(pass.status == 0 && pass.json?["changes"]?.listValue?.isEmpty != false, "\(pass.story)")

        let none = await site.run("store", "restore", "nowhere.sqlite")
        #expect(none.status == 64 && none.error.contains("no file"), "\(none.story)")
        try FileSystem.write("no database".utf8, to: "\(site.directory.path)/text")
        let text = await site.run("store", "restore", "text")
        #expect(text.status == 64 && text.error.contains("no SQLite database"), "\(text.story)")
        try FileSystem.write([], to: "\(site.directory.path)/nothing")
        let empty = await site.run("store", "restore", "nothing")
        #expect(empty.status == 64 && empty.error.contains("nothing is empty and no store"), "\(empty.story)")
        let folder = await site.run("store", "restore", site.state)
        #expect(folder.status == 64 && folder.error.contains("is a directory and no store"), "\(folder.story)")
        #expect(await site.run("runs", "--json").json?.listValue?.isEmpty == false)
        let settled = await site.run("store", "restore")
        #expect(settled.status == 0 && settled.output.contains("reconcile --dry-run"), "\(settled.story)")
        #expect(settled.output.contains("No user and no key has access"), "\(settled.story)")
        #expect(
            await site.run("access", "user", "add", "ada", "--role", "owner", "--password-file", secret).status == 0)
        let named = await site.run("store", "restore")
        #expect(named.output.contains("users: ada") && named.output.contains("user revoke"), "\(named.story)")
    }

    @Test("A damaged copy is not restored, a damaged store is told by doctor, and a copy whose log was changed is")
    func damagedCopies() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        let copy = site.directory.path("copy.sqlite")
        #expect(await site.run("store", "backup", copy).status == 0)
        let whole = try FileSystem.read(copy)
        // The last pages belong to something; to what doesn't matter.
        var bytes = whole
        for offset in (bytes.count - 80 * 4_096)..<bytes.count { bytes[offset] = 0xAD }
        FileSystem.remove(copy)
        try FileSystem.write(bytes, to: copy)
        let before = FileSystem.list(site.state).filter { $0.hasPrefix("ops.sqlite") }.sorted()
        let damaged = await site.run("store", "restore", copy)
        #expect(damaged.status == 1 && damaged.error.contains("STORE-0006"), "\(damaged.story)")
        #expect(damaged.error.contains(copy) && !damaged.error.contains(".partial"), "\(damaged.story)")
        #expect(FileSystem.list(site.state).filter { $0.hasPrefix("ops.sqlite") }.sorted() == before)
        #expect(await site.run("--dry-run").status == 0)

        // Brought there by other means, it is told before a pass comes to the page.
        let into = "cd \(Shell.quote(site.state)) && rm -f ops.sqlite-*"
        #expect(Shell.run("\(into) && cp ops.sqlite good && cp \(Shell.quote(copy)) ops.sqlite").status == 0)
        let doctor = await site.run("doctor")
        #expect(doctor.status == 1 && doctor.story.contains("STORE-0006"), "\(doctor.story)")
        #expect(Shell.run("\(into) && mv good ops.sqlite").status == 0)

        FileSystem.remove(copy)
        #expect(await site.run("env", "extend", "lab", "--days", "9").status == 0)
        #expect(await site.run("store", "backup", copy).status == 0)
        let changed = Shell.run(
            "sqlite3 \(Shell.quote(copy)) \"update audit_log set actor = 'nobody'; select changes()\"")
        guard changed.status == 0 else { return }
        let told = await site.run("store", "restore", copy)
        #expect(told.status == 1 && told.output.contains("The store that was here is kept"), "\(told.story)")
        #expect(
            told.error.contains("STORE-0050") && told.error.contains("nobody") && told.error.contains("audit verify"),
            "\(told.story)")
        #expect(await site.run("audit", "verify").status == 1)
    }

    @Test("No store is replaced beside a service, however idle; one whose store was replaced ends as failed")
    func besideAService() async throws {
        let site = try Site()
        let running = try await ServiceTests.Running(site)
        #expect(await running.passes(1), "\(running.program.story)")
        let copy = "\(site.directory.path)/copy.sqlite"
        #expect(await site.run("store", "backup", copy).status == 0)
        let refused = await site.run("store", "restore", copy)
        #expect(refused.status == 1 && refused.error.contains("STORE-0053"), "\(refused.story)")
        #expect(refused.error.contains("systemctl stop reconcile"), "\(refused.story)")
        running.wake()
        #expect(await running.passes(2), "\(running.program.story)")
        #expect(await running.readiness().status == 200)
        let runs = await site.run("runs", "--json")
        #expect(runs.json?.listValue?.count == 2, "\(runs.story)")

        // Whoever moves files by hand is told by the service.
        #expect(rename(copy, "\(site.state)/ops.sqlite") == 0)
        let end = await running.program.end(within: .seconds(60))
        #expect(end?.status == 4, "\(running.program.story)")
        #expect(running.program.errorOutput.contains("STORE-0052"), "\(running.program.story)")
        let later = await site.run("runs", "--json")
        #expect(later.json?.listValue?.count == 1, "\(later.story)")
    }

    @Test("A copy that is written over the store of a service ends it before it does anything by an old view")
    func overAService() async throws {
        let site = try Site()
        let running = try await ServiceTests.Running(site)
        #expect(await running.passes(1), "\(running.program.story)")
        let copy = "\(site.directory.path)/copy.sqlite"
        #expect(await site.run("store", "backup", copy).status == 0)
        running.wake()
        #expect(await running.passes(2), "\(running.program.story)")
        await site.point("www", at: "203.0.113.99")
        #expect(Shell.run("cp \(copy) \(site.state)/ops.sqlite").status == 0)
        running.wake()
        let end = await running.program.end(within: .seconds(60))
        #expect(end?.status == 4, "\(running.program.story)")
        #expect(running.program.errorOutput.contains("STORE-0054"), "\(running.program.story)")
        let restored = await site.run("store", "restore", copy)
        #expect(restored.status == 0, "\(restored.story)")
        let later = await site.run("runs", "--json")
        #expect(later.json?.listValue?.count == 1, "\(later.story)")
    }

    @Test("A copy goes to a bucket with its evidence and comes back; nothing there is replaced, and no key leads out")
    func bucket() async throws {
        let site = try Self.siteWithBuckets()
        try site.provider.simulator.seed(
            "spaces", ["buckets": [["name": "backups", "region": "sgp1"]]] as Value)
        let access = Self.access(site)
        #expect(await site.run().status == 0)
        let place = "spaces://sgp1/backups/ops/monday.sqlite"
        let bare = await site.run("store", "backup", place)
        #expect(bare.status == 64 && bare.error.contains("SPACES_ACCESS_KEY_ID"), "\(bare.story)")
        let sent = await site.run("store", "backup", place, "--evidence", "--json", with: access)
        #expect(sent.status == 0 && sent.json?["whole"] == true, "\(sent.story)")
        let files = sent.json?["evidence"]?["files"]?.intValue ?? 0
        #expect(files > 2 && sent.json?["evidence"]?["sent"]?.intValue == files, "\(sent.story)")
        let again = await site.run("store", "backup", place, with: access)
        #expect(again.status == 64 && again.error.contains("there already"), "\(again.story)")
        let next = await site.run(
            "store", "backup", "spaces://sgp1/backups/ops/tuesday.sqlite", "--evidence", "--json", with: access)
        #expect(next.json?["evidence"]?["sent"] == 0, "\(next.story)")

        // The machine is lost, and another one has nothing.
        FileSystem.remove(site.state)
        let none = await site.run("store", "restore", "spaces://sgp1/backups/ops/never.sqlite", with: access)
        #expect(none.status == 64 && none.error.contains("no copy"), "\(none.story)")
        let restored = await site.run("store", "restore", place, "--evidence", "--json", with: access)
        #expect(restored.status == 0 && restored.json?["evidence"]?["fetched"]?.intValue == files, "\(restored.story)")
        let verified = await site.run("show", "latest", "--verify", "--json")
        #expect(verified.status == 0 && verified.json?["verification"]?["first"] == 1, "\(verified.story)")
        #expect(await site.run("audit", "verify").status == 0)

        for (text, why) in [
            ("spaces://sgp1/backups", "no place"), ("spaces://sgp1//key", "no place"), ("spaces://a/b/c/", "no place"),
        ] {
            let wrong = await site.run("store", "backup", text, with: access)
            #expect(wrong.status == 64 && wrong.error.contains(why), "\(wrong.story)")
        }
        for arguments in [["backup", "copy.sqlite"], ["restore", "copy.sqlite"], ["restore"]] {
            let local = await Program.run(
                ["store"] + arguments + ["--evidence"], in: site.directory.path, site.environment)
            #expect(local.status == 64 && local.error.contains("--evidence"), "\(local.story)")
        }
        #expect(!(sent.story + restored.story + again.story).contains("canary"))
    }

    private static func siteWithBuckets() throws -> Site {
        var options = SimulatorOptions.quick
        options.credentials["spaces"] = "AKIDEXAMPLE:canary-of-the-bucket"
        return try Site(provider: Provider(options: options))
    }

    private static func access(_ site: Site) -> [String: String] {
        [
            "SPACES_ENDPOINT_URL": "\(site.provider.url)/spaces", "SPACES_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "SPACES_SECRET_ACCESS_KEY": "canary-of-the-bucket",
        ]
    }

    @Test("A store that was put back is made safe also where its evidence can't be brought")
    func evidenceThatIsNone() async throws {
        let site = try Self.siteWithBuckets()
        try site.provider.simulator.seed(
            "spaces",
            ["buckets": [["name": "backups", "region": "sgp1", "objects": ["ops/evidence/../out": "x"]]]] as Value)
        let access = Self.access(site)
        #expect(await site.run().status == 0)
        let place = "spaces://sgp1/backups/ops/monday.sqlite"
        let sent = await site.run("store", "backup", place, with: access)
        #expect(sent.status == 0, "\(sent.story)")
        let restored = await site.run("store", "restore", place, "--evidence", with: access)
        #expect(restored.status == 64 && restored.error.contains("no evidence of ours"), "\(restored.story)")
        #expect(!FileSystem.exists("\(site.state)/out"))
        let audit = await site.run("audit", "--json")
        #expect(audit.json?.listValue?.map { $0["action"] } == ["store.restored"], "\(audit.story)")
    }

    @Test("What is old is counted before it is cut, and a wrong time is refused")
    func cuts() async throws {
        let site = try Site()
        #expect(await site.run().status == 0)
        let people = await site.run("retention", "--dry-run")
        #expect(people.status == 0 && people.output.contains("Would cut"), "\(people.story)")
        let cut = await site.run("retention", "--json")
        #expect(cut.status == 0 && cut.json?["audit_records"] == 0, "\(cut.story)")
        let verified = await site.run("show", "latest", "--verify", "--json")
        #expect(verified.json?["verification"]?["first"] == 1, "\(verified.story)")
    }

    @Test("What root's commands leave in the service's state directory is the service's", .enabled(if: geteuid() == 0))
    func rootLeavesWhatTheServiceCanGoOnWith() async throws {
        let site = try Site()
        try FileSystem.createDirectory(site.state)
        #expect(chown(site.state, 65_534, 65_534) == 0)
        for arguments in [["doctor"], ["--dry-run"], [], ["runs"]] {
            let result = await Program.run(arguments, in: site.directory.path, site.environment)
            #expect(result.status == 0 || arguments == ["doctor"], "\(result.story)")
        }
        let roots = Shell.run("find \(Shell.quote(site.state)) -user root").output
        #expect(roots.isEmpty, "root's: \(roots)")
        #expect(Shell.run("find \(Shell.quote(site.state)) -name ops.sqlite -o -path '*objects*' -type f").output != "")
        // Evidence that another user may not read is not lost, and isn't called so.
        let (program, stranger) = (Shell.quote(Program.path), "setpriv --reuid=65533 --regid=65533 --clear-groups")
        Shell.run(
            """
            cd \(Shell.quote(site.state)) && chmod 711 .. && chown -R 65533:65533 . && chown -R 65534 evidence \
              && chmod -R go-rwx evidence
            """)
        guard Shell.run("\(stranger) test -x \(program)").status == 0 else { return }
        let shown = Shell.run(
            "cd / && \(stranger) env -i ODOOOPS_STATE_DIR=\(Shell.quote(site.state)) \(program) show latest --verify")
        #expect(shown.status != 0 && shown.output.contains("EVID-0001"), "\(shown)")
        #expect(shown.output.contains("namei -l") && !shown.output.contains("backup"), "\(shown)")
    }
}
