import Basics
import Formats
import TestKit
import Testing

@Suite("Access")
struct AccessTests {
    @Test("Users and keys are made, listed and taken back; a password never stands in an argument")
    func commands() async throws {
        let site = try Site()
        let password = try site.directory.write("correct horse battery\n", to: "password")
        #expect(await site.run("access", "user", "list").output.contains("Make the first owner"))
        // The first one has to be able to log in: from then on everybody is asked to.
        let first = await site.run("access", "user", "add", "ada")
        #expect(
            first.status == 64
                && first.error.contains("access user add ada --role owner --password-file FILE"), "\(first.story)")
        #expect(await site.run("access", "user", "add", "ada", "--role", "king").status == 64)
        #expect(await site.run("access", "user", "add", "a b", "--role", "owner").status == 64)
        let added = await site.run("access", "user", "add", "ada", "--role", "owner", "--password-file", password)
        #expect(added.status == 0 && added.output.contains("ada has access"), "\(added.story)")
        let again = await site.run("access", "user", "add", "ada", "--role", "viewer@stage", "--json")
        #expect(again.json?["new"] == false, "\(again.story)")
        #expect(again.json?["notes"]?[0]?.stringValue?.contains("no environment is named stage") == true)
        let users = await site.run("access", "user", "list", "--json").json
        #expect(users?[0]?["roles"]?[0] == "viewer@stage" && users?[0]?["password"] == true)
        #expect(!(await site.run("access", "user", "list", "--json").output.contains("scrypt")))
        let weak = try site.directory.write("short\n", to: "weak")
        let refused = await site.run("access", "user", "add", "eve", "--role", "viewer", "--password-file", weak)
        #expect(refused.status == 1 && refused.error.contains("ACCESS-0011"), "\(refused.story)")
        let two = try site.directory.write("first line long ok\nsecond line\n", to: "two")
        for (path, word) in [
            (two, "more than one line"), (site.directory.path("none"), "No such file"),
            (site.directory.path, "Is a directory"), (try site.directory.write("\n", to: "empty"), "holds no password"),
        ] {
            let refused = await site.run("access", "user", "add", "eve", "--role", "viewer", "--password-file", path)
            #expect(refused.status == 64 && refused.error.contains(word), "\(refused.story)")
        }
        #expect(!(await site.run("access", "user", "list").output.contains("eve")))
        #expect(await site.run("access", "key", "add", "hers", "--role", "admin", "--actor", "ada").status == 0)
        let revoked = await site.run("access", "user", "revoke", "ada")
        #expect(
            revoked.status == 0 && revoked.output.contains("reconcile access key revoke hers"), "\(revoked.story)")
        #expect(await site.run("access", "key", "revoke", "hers").status == 0)
        #expect(await site.run("access", "user", "revoke", "ada").status == 64)

        // Said beside the key, and never among what a file of keys is made of.
        #expect(await site.run().status == 0)
        let astray = await site.run("access", "key", "add", "stray", "--role", "viewer@labb")
        #expect(astray.status == 0 && astray.error.contains("did you mean lab?"), "\(astray.story)")
        #expect(!astray.output.contains("labb"), "\(astray.story)")
        // The key alone, as `… | install -m 0400 /dev/stdin FILE` has it written.
        #expect(
            astray.output.hasPrefix("odops_")
                && astray.output.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
        #expect(astray.error.contains("only time that it is shown"), "\(astray.story)")
        site.git("branch \"feature/a\"; git branch \"feature/\u{202E}b\"")
        #expect(await site.run().status == 0)
        let branch = await site.run("access", "user", "add", "cyd", "--role", "viewer@feature/a", "--json")
        let note = branch.json?["notes"]?[0]?.stringValue ?? ""
        #expect(note.contains("in the project feature") && note.contains("write viewer@feature-a"), "\(branch.story)")
        #expect(await site.run("access", "user", "revoke", "cyd").status == 0)
        let listed = await site.run("env", "list")
        #expect(listed.output.contains("feature/\\u{202e}b") && !listed.output.contains("\u{202E}"), "\(listed.story)")
        let meant = await site.run("access", "user", "add", "bob", "--role", "viewer@lab")
        #expect(meant.status == 0 && meant.error.isEmpty, "\(meant.story)")
        #expect(await site.run("access", "user", "revoke", "bob").status == 0)
        #expect(await site.run("access", "key", "revoke", "stray").status == 0)

        let key = await site.run("access", "key", "add", "ci", "--role", "developer", "--scope", "read", "--json")
        #expect(key.json?["key"]?.stringValue?.hasPrefix("odops_") == true, "\(key.story)")
        #expect(await site.run("access", "key", "add", "ci", "--role", "developer").error.contains("STORE-0024"))
        #expect(await site.run("access", "key", "add", "x", "--role", "viewer", "--scope", "all").status == 64)
        let keys = await site.run("access", "key", "list", "--json")
        #expect(keys.json?[0]?["scopes"]?[0] == "read" && !keys.output.contains("odops_"), "\(keys.story)")
        #expect(await site.run("access", "key", "revoke", "ci").status == 0)
        #expect(await site.run("access", "key", "revoke", "ci").status == 64)
        #expect(await site.run("audit", "verify").status == 0)
        for head in ["abcd", "sha256:91ab…", "sha256:" + String(repeating: "g", count: 64)] {
            let none = await site.run("audit", "verify", "--head", head)
            #expect(none.status == 64 && !none.output.contains("not as it was written"), "\(none.story)")
        }
        let astrayHead = await site.run("audit", "verify", "--head", Digest(of: "another log").description)
        #expect(astrayHead.status == 1, "\(astrayHead.story)")
        let log = await site.run("audit", "--json").json?.listValue?.compactMap { $0["action"]?.stringValue }
        #expect(
            log == [
                "access.key.revoke", "access.key.add", "access.key.revoke", "access.user.revoke", "access.user.put",
                "access.user.revoke", "access.user.put",
                "access.key.add", "access.key.revoke", "access.user.revoke", "access.key.add", "access.user.put",
                "access.user.put",
            ])
    }
}
