//! Checks that a driver is installed, before any call that needs the driver.

use crate::error::DeviceError;

/// A driver's library, under the names that it has on one system.
pub(crate) struct Driver {
    pub(crate) names: &'static [&'static str],
    pub(crate) install: &'static str,
}

impl Driver {
    /// Checks that the system's loader finds the library.
    pub(crate) fn look(&self, device: &str) -> Result<(), DeviceError> {
        if self.names.is_empty() || self.names.iter().any(|name| is_there(name)) {
            return Ok(());
        }
        Err(DeviceError::NoDriver {
            device: device.into(),
            looked_for: self.names.iter().map(|&name| name.into()).collect(),
            install: self.install,
        })
    }
}

fn is_there(name: &str) -> bool {
    // SAFETY: loading a library runs its initialisers. The libraries are the system's drivers: a user who
    // asks for their device would load them next.
    unsafe { libloading::Library::new(name) }.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_not_there_is_named_with_what_to_install() {
        let driver = Driver {
            names: &["libkiln-none.so.1", "libkiln-none.so"],
            install: "nothing",
        };
        let error = driver.look("cuda:0").unwrap_err();
        let text = "cuda:0: no driver: looked for libkiln-none.so.1, libkiln-none.so: install nothing";
        assert_eq!(error.to_string(), text);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn one_of_several_names_is_enough() {
        let driver = Driver {
            names: &["libkiln-none.so.1", "libc.so.6"],
            install: "nothing",
        };
        assert_eq!(driver.look("cuda:0"), Ok(()));
    }
}
