import Basics
import Formats
import Glibc
import TestKit
import Testing

@Suite("The simulator's first steps, as its manual writes them")
struct RehearsalTests {
    @Test("A copy of examples/ssot is planned without a fault, and the plan is rehearsed on a copy of what was seen")
    func firstSteps() async throws {
        let place = try TemporaryDirectory()
        let copied = Shell.run(
            "cp -r \(Shell.quote("\(Places.packageRoot)/examples/ssot")) \(Shell.quote(place.path("ssot"))) && cd "
                + "\(Shell.quote(place.path("ssot"))) && git init -q -b main . && git config user.name T && "
                + "git config user.email t@t && git add -A && git commit -q -m copy")
        #expect(copied.status == 0, "\(copied.output)")
        var environment = ["ODOOOPS_SSOT": place.path("ssot")]
        func run(_ arguments: String...) async -> Program.Result {
            await Program.run(arguments, in: place.path, environment)
        }
        func simulate(_ more: String...) async throws -> (program: BackgroundProgram, variables: [String: String]) {
            FileSystem.remove(place.path("port"))
            let program = try BackgroundProgram(
                ["simulate", "--listen", "127.0.0.1:0", "--port-file", "port", "--unlimited"] + more, in: place.path,
                environment)
            #expect(await eventually { FileSystem.exists(place.path("port")) }, "\(program.story)")
            let port = String(decoding: try FileSystem.read(place.path("port")), as: UTF8.self).filter(\.isNumber)
            let text = await Answer.to("GET", "/_simulator/environment", port: UInt16(port) ?? 0)?.body ?? ""
            var variables: [String: String] = [:]
            for line in text.split(separator: "\n") where line.hasPrefix("export ") {
                let parts = line.dropFirst(7).split(separator: "=", maxSplits: 1)
                // The request that asked for them named no port.
                variables[String(parts[0])] = String(parts.last ?? "")
                    .replacing("//127.0.0.1", with: "//127.0.0.1:\(port)")
            }
            return (program, variables)
        }
        let first = try await simulate()
        environment.merge(first.variables) { $1 }
        #expect(environment["SUPABASE_PROJECT_ID"]?.utf8.count == 20)
        let plan = await run("--dry-run", "--json")
        #expect(plan.status == 0, "\(plan.story)")

        // What the run saw can be found by its record, and is what a simulator begins with.
        let shown = await run("show", "latest", "--json").json
        let items = shown?["evidence"]?["items"]?.listValue ?? []
        let seen = items.first { $0["name"] == "observed.jsonl" }
        #expect(FileSystem.exists(seen?["path"]?.stringValue ?? ""), "\(items)")
        #expect(Shell.run("cp -a \(place.path(".odooops-state")) \(place.path("rehearsal"))").status == 0)
        let copy = try await simulate("--load", "latest")
        environment.merge(copy.variables) { $1 }
        environment["ODOOOPS_STATE_DIR"] = place.path("rehearsal")
        let again = await run("--dry-run", "--json")
        #expect(again.status == 0 && again.json?["summary"] == plan.json?["summary"], "\(again.story)")
        let runs = Shell.run("sqlite3 \(place.path(".odooops-state"))/ops.sqlite 'select count(*) from runs'")
        #expect(runs.output == "1\n", "the rehearsal is remembered in the copy alone")
        for name in ["nothing-of-this-name", "0199"] {
            let refused = await run("simulate", "--load", name)
            #expect(refused.status == 64 && refused.error.contains("neither a file nor a run"), "\(refused.story)")
        }
        for program in [first.program, copy.program] {
            program.send(SIGTERM)
            #expect(await program.end()?.status == 0)
        }
    }
}
