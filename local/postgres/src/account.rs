//! The operating system user that runs the server.
//!
//! `PostgreSQL` refuses root, so a process of root hands the server to another user.

use crate::Error;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// An operating system user, by number and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// Who runs the server: nobody else (`None`) for an ordinary user. For root it is the owner
    /// of the data folder, where there is one already, else `postgres`, else `nobody`.
    pub(crate) fn for_data(data: &Path, existing: Option<&Metadata>) -> Result<Option<Self>, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let mut accounts = passwd.lines().filter_map(Self::parse);
        let account = match existing {
            Some(owner) if owner.uid() == 0 => return Err(Error::OwnedByRoot(data.to_path_buf())),
            Some(owner) => accounts.find(|a| a.uid == owner.uid()).or(Some(Self {
                name: owner.uid().to_string(),
                uid: owner.uid(),
                gid: owner.gid(),
            })),
            None => {
                let known: Vec<Self> = accounts.collect();
                let named = |name| known.iter().find(|a| a.name == name && a.uid != 0);
                named("postgres").or_else(|| named("nobody")).cloned()
            }
        };
        account.map(Some).ok_or(Error::NoAccount)
    }

    /// Reads one line of `/etc/passwd`.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Self { name, uid, gid })
    }

    /// The user's number.
    pub(crate) fn uid(&self) -> u32 {
        self.uid
    }

    /// Makes the command run as this user; the standard library then also drops root's
    /// supplementary groups.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Gives one folder, without what is in it, to this user.
    pub(crate) fn give(&self, folder: &Path) -> Result<(), Error> {
        chown(folder, Some(self.uid), Some(self.gid)).map_err(Error::io("change the owner of", folder))
    }

    /// Checks that this user may enter the folder and every folder above it.
    pub(crate) fn check_path(&self, folder: &Path) -> Result<(), Error> {
        let mut above: Vec<&Path> = folder.ancestors().collect();
        above.reverse();
        for path in above {
            let metadata = fs::metadata(path).map_err(Error::io("read", path))?;
            if !self.may_enter(&metadata) {
                return Err(Error::NotTraversable { user: self.name.clone(), path: path.to_path_buf() });
            }
        }
        Ok(())
    }

    fn may_enter(&self, metadata: &Metadata) -> bool {
        let bit = if metadata.uid() == self.uid {
            0o100
        } else if metadata.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        metadata.mode() & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_of_passwd() {
        let account = Account::parse("nobody:x:65534:65533:nobody:/:/bin/false").unwrap();
        assert_eq!((account.uid, account.gid), (65534, 65533));
        assert_eq!(account.name, "nobody");
        assert_eq!(Account::parse("broken"), None);
    }
}
