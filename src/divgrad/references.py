"""Titles of the works cited, by the first author's name and the year."""

from __future__ import annotations

TITLES = {
    "Barenblatt1952": "On Some Unsteady Motions of a Liquid and Gas in a Porous Medium",
    "Grewenig2010": "From Box Filtering to Fast Explicit Diffusion",
    "Hafner2016": "FSI Schemes: Fast Semi-Iterative Solvers for PDEs and Optimisation Methods",
    "Hairer1993": "Solving Ordinary Differential Equations I: Nonstiff Problems",
    "Iijima1962": "Basic Theory on Normalization of Pattern",
    "Morozov1966": "On the Solution of Functional Equations by the Method of Regularization",
    "Mrazek2003": "Selection of Optimal Stopping Time for Nonlinear Diffusion Filtering",
    "Nordstrom1990": "Biased Anisotropic Diffusion: A Unified Regularization and Diffusion Approach to Edge Detection",
    "Perona1990": "Scale-Space and Edge Detection Using Anisotropic Diffusion",
    "Weickert1998": "Anisotropic Diffusion in Image Processing",
    "Weickert2006": "Tensor Field Interpolation with PDEs",
}
