import Basics
import ConsoleAccess
import Reconciler
import Web

extension DoctorCommand {
    /// What `reconcile run` needs before it answers anybody, and no other command does.
    func service(_ configuration: Configuration) -> [Check] {
        var checks: [Check] = []
        do throws(ConfigurationFault) {
            _ = try TokenKey(configured: configuration.access, context.environment)
        } catch {
            checks.append(failure("logins", error))
        }
        guard let tls = configuration.tls else { return checks }
        do throws(ConfigurationFault) {
            let identity = try WebIdentity(tls, context.environment)
            do throws(WebFault) {
                checks.append(certificate(tls, end: try identity.check()))
            } catch {
                checks.append(failure("certificate", error))
            }
        } catch {
            checks.append(failure("certificate", error))
        }
        return checks
    }

    private func certificate(_ tls: Configuration.TLS, end: Timestamp?) -> Check {
        guard let end else { return Check(name: "certificate", state: .ok, detail: tls.certificate, remedy: nil) }
        let left = end - SystemTime().now
        let isOver = left < .zero
        return Check(
            name: "certificate", state: isOver ? .failed : left < ServeCommand.certificateNotice ? .warning : .ok,
            detail: "\(tls.certificate) \(isOver ? "ended" : "ends") at \(end.minuteText)",
            remedy: left < ServeCommand.certificateNotice
                ? "Put a new one in its place, and let the service read it: systemctl reload odooops" : nil)
    }
}
