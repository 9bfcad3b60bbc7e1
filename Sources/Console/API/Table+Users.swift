import Basics
import ConsoleAccess
import DesiredState
import Formats
import Reconciler
import Store

/// Routes by which owners say who can log in, and what they may.
extension APIEndpoints {
    static func users(_ services: APIServices) -> [APIRoute] {
        let roles = APISchema.list(.role, least: 1, most: 32)
        let password = APISchema.Field("password", .line(least: PasswordHash.leastLength, most: 256))
        let name = APIParameter("user", .line(least: 1, most: 64), "their name", required: true)
        return [
            APIRoute(
                "POST", "/access/users", "addUser", "access",
                "Gives a person access. Without a password they come by the issuer of tokens alone; no answer holds one.",
                needs: .access,
                body: .object([
                    .init("name", .line(least: 1, most: 64), required: true), .init("roles", roles, required: true),
                    password,
                ]), answer: Answer.newUser, status: 201
            ) { call in
                let name = call.body["name"]?.stringValue ?? ""
                if let known = try await services.store.user(named: name), known.disabledAt == nil {
                    throw APIFault.moved(
                        "there is a user \(name) already",
                        hint: "Change what they may: PUT /api/v1/access/users/\(name)")
                }
                var object = try await put(name, call, services).user.document.objectValue ?? [:]
                object["notes"] = .strings(try await notes(on: grants(call), services))
                return Envelope(201, .object(object))
            },
            APIRoute(
                "PUT", "/access/users/{user}", "changeUser", "access",
                "Gives somebody who has access other roles, which replace all earlier ones, or another password, which ends "
                    + "their sessions and tokens.", needs: .access, parameters: [name],
                body: .either([
                    .object([.init("roles", roles, required: true), password]),
                    .object([.init("password", password.schema, required: true)]),
                ]), answer: Answer.changedUser
            ) { call in
                let name = call.text("user") ?? ""
                guard let known = try await services.store.user(named: name), known.disabledAt == nil else {
                    throw noUser(name)
                }
                if let roles = call.body["roles"]?.listValue, !roles.contains("owner") { try spareSelf(name, call) }
                let change = try await put(name, call, services)
                var object = change.loss.added(to: change.user.document.objectValue ?? [:])
                object["notes"] = .strings(try await notes(on: grants(call), services))
                return Envelope(200, .object(object))
            },
            APIRoute(
                "DELETE", "/access/users/{user}", "revokeUser", "access",
                "Takes a person's access away, ends their sessions and tokens, and takes back what they had approved.",
                needs: .access, parameters: [name],
                answer: .object([.init("revoked", Answer.text, "the name that was given")] + Answer.lossMembers)
            ) { call in
                let name = call.text("user") ?? ""
                try spareSelf(name, call)
                let loss = try await services.store.disableUser(
                    name,
                    audit: call.actor.audit("access.user.revoke", of: name, at: call.now))
                guard let loss else { throw noUser(name) }
                services.access.forgetAll()
                return Envelope(200, revoked(name, loss))
            },
        ]
    }

    /// The answer to whoever took a person's or a key's access away.
    static func revoked(_ name: String, _ loss: AccessLoss) -> Value {
        .object(loss.added(to: ["revoked": .string(name)]))
    }

    private static func put(
        _ name: String, _ call: APICall, _ services: APIServices
    ) async throws -> UserChange {
        let change = try await services.access.putUser(
            name, password: (call.body["password"]?.stringValue).map { Secret($0) },
            grants: call.body["roles"] == nil ? nil : grants(call),
            by: call.caller.name, detail: call.actor.detail())
        services.access.forgetAll()
        return change
    }

    /// The roles that a body gives.
    static func grants(_ call: APICall) -> [Grant] {
        (call.body["roles"]?.listValue ?? []).compactMap { $0.stringValue.flatMap { Grant($0) } }
    }

    /// A sentence for each role at an environment that there isn't, or in another project.
    static func notes(on grants: [Grant], _ services: APIServices) async throws -> [String] {
        let wanted = services.outlook()?.desired.environments.map { (name: $0.slug, branch: $0.branch) } ?? []
        return try await Grant.notes(
            on: grants, in: services.store, wanted: wanted, project: services.access.project)
    }

    private static func noUser(_ name: String) -> APIFault {
        APIFault.notFound("no user \(name) has access", hint: "List them: GET /api/v1/access/users")
    }

    /// Nobody locks themselves out by a slip: another owner does it, or the command line.
    private static func spareSelf(_ name: String, _ call: APICall) throws(APIFault) {
        guard case .user(_, let own) = call.caller.identity, own == name else { return }
        throw APIFault.moved(
            "\(name) is who asks, and would be an owner no more",
            hint: "Have another owner do it, or on the service's machine: reconcile access user revoke \(name)")
    }
}

extension APISchema {
    /// A role, where it holds at some places alone with these.
    static let role = APISchema.pattern(
        "^(viewer|developer|admin|owner)(@([a-z0-9-]{1,40}/)?[a-z0-9-]{1,40})?$",
        about: "ROLE, ROLE@ENVIRONMENT or ROLE@PROJECT/ENVIRONMENT"
    ) { text in
        guard Grant(text) != nil else { return false }
        let places = text.split(separator: "@", omittingEmptySubsequences: false).dropFirst()
        return places.allSatisfy { place in
            place.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { name in
                (1...40).contains(name.utf8.count)
                    && name.utf8.allSatisfy {
                        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
                    }
            }
        }
    }
}
