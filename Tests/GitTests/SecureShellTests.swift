import Basics
import Git
import TestKit
import Testing

/// What stands in known_hosts, what a host offers, and what a key file holds; sshd on one side, our own program on the other.
@Suite(
    .enabled(if: SampleRepository.isGitInstalled && builtProgram != nil && SecureShellServer.isInstalled),
    .timeLimit(.minutes(5)))
struct SecureShellTests {
    private struct Lab {
        let sample: SampleRepository
        let server: SecureShellServer
        var top: TemporaryDirectory { sample.directory }
        var name: String { "[127.0.0.1]:\(server.port)" }

        init(_ hostKeys: [String], settings: String = "") async throws {
            sample = try SampleRepository()
            try sample.commit(["a": "1"])
            server = try #require(
                try await SecureShellServer(directory: sample.directory, hostKeys: hostKeys, settings: settings))
        }

        /// Writes known_hosts with the keys of these files, in this order.
        func know(_ files: String...) throws {
            let lines = try files.map { file in
                "\(name) " + String(decoding: try FileSystem.read(top.path(file + ".pub")), as: UTF8.self)
            }
            try top.write(lines.joined(), to: "known")
        }

        func fetch() async -> GitFault? {
            let credential = GitCredential(
                kind: .sshKey(key: .file(top.path("key")), passphrase: nil), knownHosts: top.path("known"))
            let mirror = sample.mirror(
                "ssh://\(server.user)@127.0.0.1:\(server.port)\(sample.path)", credential: credential,
                transport: .child(executable: builtProgram ?? ""))
            defer { FileSystem.remove(mirror.directory) }
            return await faultOf { try await mirror.fetch(deadline: .seconds(20)) }
        }
    }

    /// ssh-keyscan writes ssh-rsa first, which a current server only takes with SHA-2 and libssh2 only with SHA-1.
    @Test func theBestKindOfKeyIsAskedForWhereverItStands() async throws {
        let lab = try await Lab(["rsa", "ecdsa", "ed25519"])
        try lab.know("host_rsa", "host_ecdsa", "host_ed25519")
        #expect(await lab.fetch() == nil)
        Shell.run("ssh-keygen -q -H -f \(lab.top.path("known"))")
        #expect(await lab.fetch() == nil)
        try lab.know("host_rsa", "host_ecdsa")
        #expect(await lab.fetch() == nil)
        let log = String(decoding: try FileSystem.read(lab.top.path("sshd.log")), as: UTF8.self)
        #expect(!log.contains("no matching host key type"), "asked for at once, not at a second try")
        // Another key of the best kind is a changed key, whatever else is known.
        try lab.know("host_rsa", "host_ecdsa", "stranger")
        #expect(await lab.fetch()?.cause == .hostKeyChanged)
        // The hint's own command.
        try lab.top.write("", to: "known")
        let hint = try #require(await lab.fetch()?.hint)
        Shell.run(hint)
        #expect(await lab.fetch() == nil)
    }

    /// A host that lost the best of its known keys is still known by the next one.
    @Test func aKnownKindThatTheHostNoLongerOffersGivesWayToTheNext() async throws {
        let lab = try await Lab(["rsa", "ecdsa"])
        try lab.know("stranger", "host_ecdsa")
        #expect(await lab.fetch() == nil)
        for (file, kind) in [("stranger", "ssh-ed25519"), ("host_rsa", "ssh-rsa")] {
            try lab.know(file)
            let fault = try #require(await lab.fetch())
            #expect(fault.cause == .hostKeyUnknown, "\(fault)")
            #expect(fault.message.contains("known_hosts has \(kind), the host offers"), "\(fault)")
            #expect(fault.message.contains("ecdsa-sha2-nistp256"))
            #expect(fault.message.contains("SHA-1") == (kind == "ssh-rsa"))
            let command = "ssh-keyscan -t ecdsa -p \(lab.server.port) 127.0.0.1 >> \(lab.top.path("known"))"
            #expect(fault.hint?.hasPrefix(command) == true, "\(fault)")
            Shell.run(fault.hint ?? "false")
            #expect(await lab.fetch() == nil, "what the hint says helps")
        }
    }

    @Test func aHostWithRSAAloneIsToldAsOneThatCannotBeChecked() async throws {
        let lab = try await Lab(["rsa"])
        try lab.know("host_rsa")
        let fault = try #require(await lab.fetch())
        #expect(fault.cause == .hostKeyUnknown, "\(fault)")
        #expect(fault.message.contains("it offers rsa-sha2-512, rsa-sha2-256;"), "\(fault)")
        #expect(fault.message.contains("of RSA only that with SHA-1"))
        #expect(fault.hint?.contains("ssh-keygen -A") == true)
    }

    /// The library has the same words for it as for a kind of key that isn't shared; the known key is not to blame.
    @Test func aHostWithoutACommonKeyExchangeIsNotTakenForAnUnknownOne() async throws {
        let lab = try await Lab(["ed25519"], settings: "KexAlgorithms sntrup761x25519-sha512@openssh.com")
        try lab.know("host_ed25519")
        let fault = try #require(await lab.fetch())
        #expect(fault.cause == .unreachable, "\(fault)")
        #expect(fault.message.contains("no key exchange, cipher or MAC in common"))
        #expect(fault.hint?.contains("ssh -vv -p \(lab.server.port)") == true)
    }
}
