import Basics
import Formats
import TestKit
import Testing

/// A service to which nobody was given access yet.
@Suite("First access") struct FirstAccessTests {
    @Test("Nobody is sent to a login that nobody has; HEAD says of every answer what GET says")
    func begins() async throws {
        let site = try Site()
        let running = try await ServiceTests.Running(site)
        try #require(await running.passes(1), "\(running.program.story)")
        let person = Person(of: running)
        let password = try person.secret("correct horse battery")
        let owner = "reconcile access user add NAME --role owner --password-file FILE"
        for result in [
            await person.run("reconcile"),
            await person.run("auth", "login", "--user", "me", "--password-file", password),
        ] {
            #expect(result.status == 77 && result.error.contains(owner), "\(result.story)")
            #expect(!result.error.contains("odooops auth login"), "\(result.story)")
        }

        // RFC 9110, section 8.6: a length that HEAD gives is that of the answer to GET.
        for path in ["/api/v1", "/api/v1/status", "/api/v1/environments", "/api/v1/nothing", "/login", "/healthz"] {
            let get = try #require(await Answer.to("GET", path, port: running.port))
            let head = try #require(await Answer.to("HEAD", path, port: running.port))
            func length(_ answer: Answer) -> Int? {
                answer.head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).filter { $0 != " " }) }
            }
            #expect(head.status == get.status && head.body.isEmpty, "\(path) \(head)")
            #expect(length(get) == get.body.utf8.count && get.body.utf8.count > 0, "\(path) \(get.head)")
            // Beside the data an answer tells its time, whose fraction is written as short as it is.
            #expect(abs((length(head) ?? 0) - get.body.utf8.count) <= 8, "\(path) \(head.head)")
        }

        let added = await site.run("access", "user", "add", "me", "--role", "owner", "--password-file", password)
        #expect(added.status == 0, "\(added.story)")
        let login = await person.run("auth", "login", "--user", "me", "--password-file", password)
        #expect(login.status == 0, "\(login.story)")
    }
}
