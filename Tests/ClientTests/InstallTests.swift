import Basics
import TestKit
import Testing

/// What `make install` puts where, with the programs as they were built.
@Suite("Installing") struct InstallTests {
    private func install(_ settings: String, into root: String) async -> String {
        let binaries = Places.program("reconcile").split(separator: "/").dropLast().joined(separator: "/")
        let result = await shell(
            "make --silent -o release install --directory \(Shell.quote(Places.packageRoot)) SWIFT=no-such-compiler "
                + "DESTDIR=\(Shell.quote(root)) BINARIES=\(Shell.quote("/" + binaries)) \(settings)")
        return result.status == 0 ? "" : result.output
    }

    @Test(
        "The unit begins with a configuration that is there, and ends for good where no new start mends anything",
        arguments: [("", "/usr/local", "/etc"), ("PREFIX=/opt/odooops", "/opt/odooops", "/opt/odooops/etc")])
    func unit(_ settings: String, _ prefix: String, _ configuration: String) async throws {
        let root = try TemporaryDirectory(prefix: "odooops-install")
        #expect(await install(settings, into: root.path) == "")
        let unit = String(
            decoding: try FileSystem.read(root.path + prefix + "/lib/systemd/system/reconcile.service"), as: UTF8.self)
        let file = configuration + "/odooops/reconciler.yaml"
        #expect(unit.contains("ExecStart=\(prefix)/bin/reconcile run --config \(file) "), "\(unit)")
        #expect(unit.contains("\nRestartPreventExitStatus=4 64 78\n"), "\(unit)")
        #expect(FileSystem.exists(root.path + prefix + "/share/zsh/site-functions/_odooops"))
        #expect(String(decoding: try FileSystem.read(root.path + file), as: UTF8.self).contains("state_dir"))
        // What somebody has written there is theirs.
        try FileSystem.write("ssot: {url: /srv/ssot}\n".utf8, to: root.path + file)
        #expect(await install(settings, into: root.path) == "")
        #expect(String(decoding: try FileSystem.read(root.path + file), as: UTF8.self) == "ssot: {url: /srv/ssot}\n")
    }

    @Test("zsh finds the completion where the package puts it", .enabled(if: Shell.has("zsh"), "zsh is not installed"))
    func zsh() async throws {
        let root = try TemporaryDirectory(prefix: "odooops-install")
        let script = String(decoding: try FileSystem.read("\(Places.packageRoot)/scripts/package"), as: UTF8.self)
        let line = script.split(separator: "\n").first { $0.contains("ZSH_COMPLETIONS=") }
        let place = try #require(line?.split(separator: "=").last.map(String.init))
        #expect(await install("PREFIX=/usr SYSCONFDIR=/etc ZSH_COMPLETIONS=\(place)", into: root.path) == "")
        let found = await shell(
            "zsh -fc 'print -l $fpath' | grep -qx \(place) && "
                + "zsh -fc 'fpath=($1 $fpath); autoload -Uz compinit; compinit -D -u; print -- $_comps[odooops]' - "
                + Shell.quote(root.path + place))
        #expect(found.status == 0 && found.output == "_odooops\n", "\(found.output)")
    }
}

/// A command line of a shell that keeps no thread of the tests waiting.
func shell(_ line: String) async -> (status: Int32, output: String) {
    let outcome = await ChildProcess.run(
        "/bin/sh", ["-c", "exec 2>&1; \(line)"], environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"],
        deadline: .seconds(120))
    return (outcome.status ?? -1, String(decoding: outcome.output, as: UTF8.self))
}
