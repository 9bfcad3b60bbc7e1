import Basics
import Git
import TestKit
import Testing

/// The child process of the real program does the fetching in all of these.
@Suite(.enabled(if: SampleRepository.isGitInstalled && builtProgram != nil), .timeLimit(.minutes(5)))
struct NetworkFetchTests {
    private let child = GitTransport.child(executable: builtProgram ?? "")

    @Test(.enabled(if: GitWebServer.isInstalled))
    func overHTTP() async throws {
        let sample = try SampleRepository()
        let first = try sample.commit(["ssot/a.yaml": "a: 1\n"])
        sample.git("tag -a v1 -m one")
        let server = try #require(try await GitWebServer(directory: sample.directory))
        let base = "http://127.0.0.1:\(server.port)"
        let given = ["GOOD": "s3cret", "BAD": "wr0ng-token", "SSL_CERT_FILE": server.certificate]
        func token(_ name: String) -> GitCredential {
            GitCredential(kind: .token(user: "ada", token: .environment(name)))
        }
        func mirror(_ url: String, _ credential: GitCredential? = nil, _ environment: [String: String]? = nil)
            -> GitMirror
        {
            sample.mirror(url, credential: credential, transport: child, environment: environment ?? given)
        }

        let plain = mirror("\(base)/git/source/.git")
        let report = try await plain.fetch(deadline: .seconds(10))
        #expect(report.created.map(\.name) == ["main", "v1"])
        #expect(report.headBranch == "main")
        #expect(report.receivedObjects >= 4 && report.receivedBytes > 0)
        #expect(try await plain.files(at: first, under: ["ssot"]).text("ssot/a.yaml") == "a: 1\n")
        let second = try sample.commit(["ssot/a.yaml": "a: 2\n"])
        #expect(try await plain.fetch(deadline: .seconds(10)).moved.first?.new == second)
        #expect(try await plain.fetch(deadline: .seconds(10)).changes.isEmpty)

        let good: [(String, GitCredential?)] = [
            ("\(base)/private/source/.git", token("GOOD")),
            ("http://ada:s3cret@127.0.0.1:\(server.port)/private/source/.git", nil),
            ("https://localhost:\(server.securePort)/private/source/.git", token("GOOD")),
            ("\(base)/moved/source/.git", nil),
        ]
        for (url, credential) in good {
            let mirror = mirror(url, credential)
            let fault = await faultOf { try await mirror.fetch(deadline: .seconds(10)) }
            #expect(fault == nil, "\(mirror.displayURL)")
            #expect(!mirror.displayURL.contains("s3cret"))
        }

        let bad: [(String, GitCredential?, GitFault.Cause)] = [
            ("\(base)/private/source/.git", token("BAD"), .wrongCredential),
            ("\(base)/private/source/.git", nil, .wrongCredential),
            ("\(base)/private/source/.git", token("NONE"), .credentialMissing),
            ("http://ada:wr0ng-token@127.0.0.1:\(server.port)/private/source/.git", nil, .wrongCredential),
            ("\(base)/forbidden/x.git", nil, .wrongCredential),
            ("\(base)/away/source/.git", token("GOOD"), .wrongCredential),
            ("\(base)/git/absent", nil, .notARepository),
            ("\(base)/page/x.git", nil, .notARepository),
            ("\(base)/broken/x.git", nil, .unreachable),
            ("http://127.0.0.1:9/x.git", nil, .unreachable),
            ("http://host.invalid/x.git", nil, .unreachable),
            ("https://127.0.0.1:\(server.securePort)/git/source/.git", nil, .certificateRefused),
        ]
        for (url, credential, cause) in bad {
            let mirror = mirror(url, credential)
            let fault = await faultOf { try await mirror.fetch(deadline: .seconds(10)) }
            #expect(fault?.cause == cause, "\(url): \(fault?.description ?? "no fault")")
            #expect(fault?.hint != nil)
            #expect(fault?.description.contains("wr0ng") == false)
        }
        let untrusted = mirror("https://localhost:\(server.securePort)/git/source/.git", nil, [:])
        #expect(await faultOf { try await untrusted.fetch(deadline: .seconds(10)) }?.cause == .certificateRefused)
    }

    @Test(.enabled(if: SecureShellServer.isInstalled))
    func overSSH() async throws {
        let sample = try SampleRepository()
        let id = try sample.commit(["a": "1"])
        let server = try #require(try await SecureShellServer(directory: sample.directory))
        let top = sample.directory
        let url = "ssh://\(server.user)@127.0.0.1:\(server.port)\(sample.path)"
        let name = "[127.0.0.1]:\(server.port)"
        func key(_ file: String) throws -> String {
            String(decoding: try FileSystem.read(top.path(file)), as: UTF8.self)
        }
        let host = try key("host_ed25519.pub").split(separator: " ").prefix(2).joined(separator: " ")
        let stranger = try key("stranger.pub").split(separator: " ").prefix(2).joined(separator: " ")
        try top.write("other.example ssh-ed25519 AAAA\n@cert-authority * x y\n\(name) \(host) comment\n", to: "plain")
        try top.write("\(name) \(host)\n", to: "hashed")
        Shell.run("ssh-keygen -q -H -f \(top.path("hashed"))")
        #expect(try key("hashed").hasPrefix("|1|"))
        try top.write("\(name) \(stranger)\n", to: "changed")
        try top.write("@revoked * \(host)\n\(name) \(host)\n", to: "revoked")
        try top.write("", to: "nothing")

        func fetch(
            _ hosts: String, _ key: String, passphrase: SecretReference? = nil, url: String = url, accepts: Bool = false
        ) async -> GitFault? {
            let credential = GitCredential(
                kind: .sshKey(key: SecretReference(key) ?? .file(key), passphrase: passphrase),
                knownHosts: top.path(hosts),
                acceptsNewHosts: accepts)
            let text = try? FileSystem.read(top.path("key"))
            let mirror = sample.mirror(
                url, credential: credential, transport: child,
                environment: ["KEY": String(decoding: text ?? [], as: UTF8.self), "PHRASE": "open it", "WRONG": "no"])
            let fault = await faultOf {
                _ = try await mirror.fetch(deadline: .seconds(10))
                #expect(try await mirror.resolve("main").id == id)
            }
            FileSystem.remove(mirror.directory)
            return fault
        }
        let file = "file:\(top.path("key"))"
        let locked = "file:\(top.path("locked"))"
        #expect(await fetch("plain", file) == nil)
        #expect(await fetch("hashed", file) == nil)
        #expect(await fetch("plain", "env:KEY") == nil)
        #expect(await fetch("plain", locked, passphrase: .environment("PHRASE")) == nil)
        let closed = await fetch("plain", locked, passphrase: .environment("WRONG"))
        #expect(closed?.cause == .wrongCredential)
        #expect(closed?.message.hasSuffix(":") == false, "\(closed?.message ?? "")")
        #expect(closed?.hint?.contains("passphrase opens the key: ssh-keygen -y -f \(top.path("locked"))") == true)
        let refused = await fetch("plain", "file:\(top.path("stranger"))")
        #expect(refused?.cause == .wrongCredential)
        #expect(refused?.hint?.contains("ssh -i \(top.path("stranger")) -o IdentitiesOnly=yes -p") == true)
        #expect(refused?.hint?.contains("RSA") == false, "\(refused?.hint ?? "")")
        #expect(await fetch("plain", "file:\(top.path("absent"))")?.cause == .credentialMissing)
        #expect(await fetch("plain", file, url: url + "-absent")?.cause == .notARepository)
        #expect(await fetch("changed", file)?.cause == .hostKeyChanged)
        #expect(await fetch("revoked", file)?.cause == .hostKeyChanged)
        #expect(await fetch("changed", file, accepts: true)?.cause == .hostKeyChanged)
        let unknown = await fetch("nothing", file)
        #expect(unknown?.cause == .hostKeyUnknown)
        #expect(unknown?.hint?.hasPrefix("ssh-keyscan -p \(server.port) 127.0.0.1 >> \(top.path("nothing"))") == true)
        let shown = Shell.run("for k in ed25519 ecdsa; do ssh-keygen -lf \(top.path("host_"))$k.pub; done").output
        let fingerprint = unknown?.message.split(separator: " ").last.map(String.init) ?? "none"
        #expect(shown.contains(fingerprint), "\(fingerprint)")
        // A new host is remembered below the cache and known from then on.
        #expect(await fetch("nothing", file, accepts: true) == nil)
        #expect(await fetch("nothing", file) == nil)
    }

    @Test(arguments: ["http", "https", "ssh"])
    func aSilentServerIsGivenUpAtTheDeadline(_ scheme: String) async throws {
        let sample = try SampleRepository()
        let server = try #require(SilentServer())
        let mirror = sample.mirror("\(scheme)://127.0.0.1:\(server.port)/x.git", transport: child)
        let clock = SystemTime()
        let start = clock.uptime
        let fault = await faultOf { try await mirror.fetch(deadline: .milliseconds(400)) }
        #expect(fault?.cause == .deadlinePassed)
        #expect(fault?.message.contains("before the remote answered") == true, "\(fault?.message ?? "")")
        #expect(clock.uptime - start < .seconds(30))
    }

    @Test func aSecretIsInNoArgumentAndNoEnvironmentOfTheChild() async throws {
        let sample = try SampleRepository()
        let server = try #require(SilentServer())
        let secret = "t0ken-\(server.port)-of-this-test"
        let mirror = sample.mirror(
            "http://127.0.0.1:\(server.port)/x.git",
            credential: GitCredential(kind: .token(user: "ada", token: .environment("TOKEN"))), transport: child,
            environment: ["TOKEN": secret, "PATH": secret])
        let task = Task { await faultOf { try await mirror.fetch(deadline: .seconds(30)) } }
        #expect(await eventually { Shell.run("pgrep -f \(GitFetchHelper.subcommand)").status == 0 })
        #expect(await eventually { FileSystem.exists(mirror.directory + ".lock") })
        let found = Shell.run(
            "for p in $(pgrep -f ^\(builtProgram ?? "")); do cat /proc/$p/cmdline /proc/$p/environ; done | tr '\\0' '\\n'"
        )
        #expect(found.output.contains(GitFetchHelper.subcommand))
        #expect(!found.output.contains(secret))
        task.cancel()
        _ = await task.value
    }

    @Test func aChildThatFailsIsAFaultAndNoMore() async throws {
        let sample = try SampleRepository()
        for (program, text) in [("/bin/false", "ended with status 1"), ("/nonexistent", "can't be started")] {
            let mirror = sample.mirror("https://127.0.0.1:9/x.git", transport: .child(executable: program))
            let fault = await faultOf { try await mirror.fetch(deadline: .seconds(5)) }
            #expect(fault?.cause == .helperFailed)
            #expect(fault?.message.contains(text) == true)
        }
        let server = try #require(SilentServer())
        let mirror = sample.mirror("http://127.0.0.1:\(server.port)/x.git", transport: child)
        let task = Task { await faultOf { try await mirror.fetch(deadline: .seconds(30)) } }
        #expect(await eventually { FileSystem.exists(mirror.directory + ".lock") })
        task.cancel()
        #expect(await task.value?.cause == .cancelled)
    }

    @Test func theHelperRefusesToBeCalledByHand() async throws {
        let outcome = await ChildProcess.run(
            builtProgram ?? "", [GitFetchHelper.subcommand, "https://host/x.git"], deadline: .seconds(5))
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
    }
}
