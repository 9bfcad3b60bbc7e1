import Basics
import Testing

@testable import Git

struct AddressTests {
    @Test(arguments: [
        ("/srv/ssot.git", "file:///srv/ssot.git", "/srv/ssot.git"),
        ("ssot", "file:///base/ssot", "ssot"),
        ("./a//b/", "file:///base/a/b", "./a//b/"),
        ("/srv/a b:c", "file:///srv/a%20b%3ac", "/srv/a b:c"),
        ("file:///srv/a%20b", "file:///srv/a%20b", "file:///srv/a%20b"),
        ("file://localhost/srv/x", "file:///srv/x", "file:///srv/x"),
        ("https://host/x.git", "https://host/x.git", "https://host/x.git"),
        ("HTTPS://user:pw@host:8443/x", "https://user:pw@host:8443/x", "https://<redacted>@host:8443/x"),
        ("https://ghp_token@host/x", "https://ghp_token@host/x", "https://<redacted>@host/x"),
        ("https://a:b@c@host/x", "https://a:b@c@host/x", "https://<redacted>@host/x"),
        ("https://host/x?token=abc", "https://host/x?token=abc", "https://host/x?<redacted>"),
        ("ssh://git@host:2222/x.git", "ssh://git@host:2222/x.git", "ssh://git@host:2222/x.git"),
        ("ssh://git:pw@host/x.git", "ssh://git@host/x.git", "ssh://git@host/x.git"),
        ("git@host:team/x.git", "git@host:team/x.git", "git@host:team/x.git"),
    ])
    func isTakenApart(_ url: String, _ connect: String, _ display: String) throws {
        let address = try GitAddress(url, currentDirectory: "/base")
        #expect(address.connect == connect)
        #expect(address.display == display)
    }

    @Test(arguments: [
        "", "git://host/x", "ext::sh -c x", "ftp://host/x", "https:///x", "https://host:0/x", "https://host:99999/x",
        "ssh://-oProxyCommand=x/y", "git@-oProxyCommand=x:y", "file://host/x", "file://relative", "https://host/\u{1}",
        "https://secret:pw@ho st/x", "host:", "a\nb",
    ])
    func whatIsNotSupportedIsRefusedWithoutItsSecrets(_ url: String) {
        do {
            let address = try GitAddress(url, currentDirectory: "/base")
            Issue.record("\(url) was taken for \(address)")
        } catch {
            #expect(error.cause == .unsupportedAddress)
            #expect(error.hint != nil)
            #expect(!error.description.contains("pw"))
        }
    }

    @Test func aPasswordIsTakenOutOfMessagesAndOutOfTheCacheName() throws {
        let address = try GitAddress("https://ada:s3cret@host/x.git", currentDirectory: "/")
        #expect(address.redact("failed: https://ada:s3cret@host/x.git") == "failed: https://<redacted>@host/x.git")
        #expect(address.redact("user s3cret") == "user <redacted>")
        #expect(try address.identity == GitAddress("https://bob:other@host/x.git", currentDirectory: "/").identity)
    }

    @Test func aRequestComesThroughThePipeAsItWent() throws {
        var request = FetchRequest(url: "https://a=b/x", directory: "/d", home: "/h", deadline: .milliseconds(1_500))
        request.knownHosts = "a b\nc d\n"
        request.token = Secret("tok=en")
        request.hasAgent = true
        let copy = try #require(FetchRequest(request.encoded()))
        #expect(copy.url == request.url && copy.directory == "/d" && copy.home == "/h" && copy.hasAgent)
        #expect(copy.deadline == .milliseconds(1_500))
        #expect(copy.knownHosts == request.knownHosts)
        #expect(copy.token?.reveal { $0 } == "tok=en")
        #expect(copy.key == nil && copy.user == nil && copy.newHostsFile == nil)
        #expect(FetchRequest(Array("url=x\0".utf8)) == nil)
        #expect(FetchRequest([1, 2, 3]) == nil)
    }

    @Test(arguments: UInt64(0)..<50)
    func anyBytesForAnAnswerAreHarmless(_ seed: UInt64) {
        var random = RandomSource(seed: seed)
        let words = [
            "fault", "done", "change", "stage", "\t", "\n", "1", "GIT-0001", "branch", "\u{fffd}",
            "-9999999999999999999",
        ]
        var bytes: [UInt8] = []
        for _ in 0..<60 { bytes += Array((words.randomElement(using: &random) ?? "").utf8) }
        _ = FetchAnswer(bytes, duration: .zero)
        let fault = GitFault(.unreachable, "a\tb\nc", place: "p", hint: nil)
        let answer = FetchAnswer(Array(FetchAnswer.lines(.failure(fault)).utf8), duration: .zero)
        #expect(answer.result == .failure(GitFault(.unreachable, "a b c", place: "p", hint: nil)))
    }

    @Test(arguments: [
        ("host ssh-ed25519 KEY", 22, KnownHosts.Verdict.known), ("host ssh-ed25519 KEY", 2222, .unknown),
        ("[host]:2222 ssh-ed25519 KEY", 2222, .known), ("HOST,other ssh-ed25519 KEY", 22, .known),
        ("host ssh-ed25519 OTHER", 22, .changed), ("other ssh-ed25519 KEY", 22, .unknown),
        ("host ssh-ed25519 OTHER\nhost ssh-ed25519 KEY comment", 22, .known), ("h?s* ssh-ed25519 KEY", 22, .known),
        ("*,!host ssh-ed25519 KEY", 22, .unknown), ("@revoked * ssh-ed25519 KEY\nhost ssh-ed25519 KEY", 22, .revoked),
        ("@cert-authority host ssh-ed25519 KEY", 22, .unknown), ("# host ssh-ed25519 KEY", 22, .unknown),
        ("garbage\n\n|1|x|y ssh-ed25519 KEY", 22, .unknown), ("", 22, .unknown),
    ])
    func aHostKeyIsJudged(_ text: String, _ port: Int, _ verdict: KnownHosts.Verdict) {
        func key(_ last: UInt8) -> [UInt8] { [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 1, last] }
        let filled = text.replacing("KEY", with: Base64.encode(key(1))).replacing("OTHER", with: Base64.encode(key(2)))
        let hosts = KnownHosts(filled)
        #expect(hosts.verdict(host: "host", port: port, key: key(1)) == verdict)
        let line = KnownHosts.line(host: "host", port: port, key: key(1)) ?? ""
        #expect(KnownHosts(line).verdict(host: "host", port: port, key: key(1)) == .known)
        #expect(hosts.plainLines(host: "host", port: port).contains(line) == (verdict == .known))
    }

    @Test func hmacSHA1IsThatOfTheSpecification() {
        // RFC 2202, test case 2.
        let sum = hmacSHA1(key: "Jefe".utf8, "what do ya want for nothing?".utf8)
        #expect(Hex.encode(sum) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
    }
}
